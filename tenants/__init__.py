"""The control plane: who may use which workspace, and with what."""
