"""espeak-ng as a speech plug-in of pivot."""
