"""What a machine says of a text. Today: its language and script (`nlp.language`)."""
