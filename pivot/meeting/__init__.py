"""Where calls of several sessions meet: rooms and queues, and who owns them."""
