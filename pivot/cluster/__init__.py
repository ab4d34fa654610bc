"""What the Kazoo cluster's own databases say: settings, schemas, devices and users. Nothing is written."""
