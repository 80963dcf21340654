"""Smaller and faster models: ONNX export, reduced precision, pruning, distillation, each measured."""
