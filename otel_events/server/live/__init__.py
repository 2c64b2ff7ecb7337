"""What is sent as it comes: WebSocket, server-sent events, Socket.IO."""
