"""One live call: carries events to the engine and performs its commands."""
