"""API Gateway's WebSocket API on this machine."""
