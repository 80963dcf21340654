"""LitServe with the same network: ``python litserve_peer.py NETWORK PORT``; run in an environment that has it.

Images are drawn from a seed, in batches of the requests in flight, and each answer is one PNG.
"""

import io
import sys

import litserve
import numpy as np
import onnxruntime
from fastapi import Response
from PIL import Image

LATENT, LABEL, BATCH, WAIT = 100, 0, 16, 0.001


class Generator(litserve.LitAPI):
    def setup(self, _device):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = 1, 1
        self.session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])

    def decode_request(self, request):
        return np.random.default_rng(request["seed"]).standard_normal((request["count"], LATENT), dtype=np.float32)

    def batch(self, inputs):
        return inputs

    def predict(self, inputs):
        noise = np.concatenate(inputs)
        labels = np.full(len(noise), LABEL, dtype=np.int64)
        (images,) = self.session.run(["images"], {"noise": noise, "labels": labels})
        pixels = np.clip(np.rint((images + 1) * 127.5), 0, 255).astype(np.uint8)
        return np.split(pixels, np.cumsum([len(each) for each in inputs])[:-1])

    def unbatch(self, output):
        return output

    def encode_response(self, output):
        side = int(np.ceil(np.sqrt(len(output))))
        blank = np.full((side * side - len(output), *output.shape[1:]), 255, dtype=np.uint8)
        tiles = np.concatenate([output, blank])[:, 0].reshape(side, side, *output.shape[2:])
        stream = io.BytesIO()
        Image.fromarray(np.concatenate(np.concatenate(tiles, axis=1), axis=1)).save(stream, "PNG")
        return Response(stream.getvalue(), media_type="image/png")


if __name__ == "__main__":
    server = litserve.LitServer(Generator(max_batch_size=BATCH, batch_timeout=WAIT), accelerator="cpu")
    server.run(host="127.0.0.1", port=int(sys.argv[2]), generate_client_file=False, log_level="error")
