"""`pivot bench`: pivot beside the bare libraries. Nothing else imports this package."""
