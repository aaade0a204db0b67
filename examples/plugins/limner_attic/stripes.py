import io

from PIL import Image

from limner.contracts.engine import Engine, Painted
from limner.domain.capabilities import Capabilities


class Stripes(Engine):
    capabilities = Capabilities(description="Two colours, one above the other.", max_count=4)

    async def paint(self, task):
        size = (task.request.width, task.request.height)
        for ordinal in task.ordinals:
            file, colours = io.BytesIO(), task.request.seed_of(ordinal).to_bytes(4) + b"\x80\xff"
            Image.frombytes("RGB", (1, 2), colours).resize(size).save(file, "png")
            yield Painted(ordinal=ordinal, image=file.getvalue())
