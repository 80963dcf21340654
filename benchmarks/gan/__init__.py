"""Our GAN against the DCGAN of PyTorch's tutorial at equal cost, and what its images are good for."""
