"""What many records say together; each part is given one record after the other, and keeps what it counts."""
