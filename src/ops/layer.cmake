allometer_kernels(ops)
