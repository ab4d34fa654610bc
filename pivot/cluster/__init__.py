"""What the Kazoo cluster's own databases say: settings, schemas, owners of devices. Nothing is written."""
