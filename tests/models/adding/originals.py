"""The research networks as their papers and checkpoints have them, written out small and independently: the ground
truth of the key maps. Their state dicts have the very names and shapes of the published files.
"""

from math import log, pi, sqrt

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d, conv_transpose2d, interpolate, pad, silu


def randomised(module: nn.Module, seed: int = 0) -> nn.Module:
    """Weights that make every layer count: the originals begin with layers of zeros."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if name.endswith("all_modules.0.W"):
                weight.normal_(generator=generator)
            elif weight.ndim < 2:
                weight.copy_(0.2 * torch.randn(weight.shape, generator=generator) + ("norm" in name.lower()) * 0.8)
            else:
                weight.copy_(torch.randn(weight.shape, generator=generator) / sqrt(weight[0].numel()))
    return module.eval()


def sinusoids(time: Tensor, width: int, *, last: int, cosine_first: bool) -> Tensor:
    """`last`: how many steps of frequency there are to 1/10000."""
    angles = time[:, None] * torch.exp(-log(10000) * torch.arange(width // 2) / last)
    both = (angles.cos(), angles.sin()) if cosine_first else (angles.sin(), angles.cos())
    return torch.cat(both, 1)


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """(b, c, n) each: softmax over the positions of k."""
    weight = (q.transpose(1, 2) @ k / sqrt(q.shape[1])).softmax(2)
    return v @ weight.transpose(1, 2)


class Named(nn.Module):
    """A holder of submodules by name."""

    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)


# DDPM (Ho et al. 2020), as in DDIM's and SDEdit's repositories


class DdpmResnet(nn.Module):
    def __init__(self, before, after, embedding):
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(32, before, 1e-6), nn.GroupNorm(32, after, 1e-6)
        self.conv1, self.conv2 = nn.Conv2d(before, after, 3, padding=1), nn.Conv2d(after, after, 3, padding=1)
        self.temb_proj = nn.Linear(embedding, after)
        if before != after:
            self.nin_shortcut = nn.Conv2d(before, after, 1)

    def forward(self, x, embedded):
        h = self.conv1(silu(self.norm1(x))) + self.temb_proj(silu(embedded))[:, :, None, None]
        h = self.conv2(silu(self.norm2(h)))
        return h + (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x)


class DdpmAttention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.GroupNorm(32, width, 1e-6)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(width, width, 1) for _ in range(4))

    def forward(self, x):
        h = self.norm(x)
        h = attend(*(part(h).flatten(2) for part in (self.q, self.k, self.v)))
        return x + self.proj_out(h.reshape(x.shape))


class Ddpm(nn.Module):
    """`attentive`: levels with attention; level l is the picture 2^l times smaller."""

    def __init__(self, width=32, multipliers=(1, 2), layers=1, attentive=(1,)):
        super().__init__()
        widths = [width * m for m in multipliers]
        embedding = 4 * width
        self.width, self.layers, self.attentive = width, layers, attentive
        self.temb = Named(dense=nn.ModuleList([nn.Linear(width, embedding), nn.Linear(embedding, embedding)]))
        self.conv_in = nn.Conv2d(3, width, 3, padding=1)
        self.down = nn.ModuleList()
        skips, now = [width], width
        for level, after in enumerate(widths):
            blocks, attention = nn.ModuleList(), nn.ModuleList()
            for _ in range(layers):
                blocks.append(DdpmResnet(now, after, embedding))
                now = after
                if level in attentive:
                    attention.append(DdpmAttention(now))
                skips.append(now)
            self.down.append(Named(block=blocks, attn=attention))
            if level < len(widths) - 1:
                self.down[-1].downsample = Named(conv=nn.Conv2d(now, now, 3, stride=2))
                skips.append(now)
        self.mid = Named(
            block_1=DdpmResnet(now, now, embedding),
            attn_1=DdpmAttention(now),
            block_2=DdpmResnet(now, now, embedding),
        )
        ups = []
        for level in reversed(range(len(widths))):
            blocks, attention = nn.ModuleList(), nn.ModuleList()
            for _ in range(layers + 1):
                blocks.append(DdpmResnet(now + skips.pop(), widths[level], embedding))
                now = widths[level]
                if level in attentive:
                    attention.append(DdpmAttention(now))
            ups.insert(0, Named(block=blocks, attn=attention))
            if level > 0:
                ups[0].upsample = Named(conv=nn.Conv2d(now, now, 3, padding=1))
        self.up = nn.ModuleList(ups)
        self.norm_out = nn.GroupNorm(32, now, 1e-6)
        self.conv_out = nn.Conv2d(now, 3, 3, padding=1)

    def forward(self, x, time):
        embedded = sinusoids(time, self.width, last=self.width // 2 - 1, cosine_first=False)
        embedded = self.temb.dense[1](silu(self.temb.dense[0](embedded)))
        skips = [self.conv_in(x)]
        for level, down in enumerate(self.down):
            for index in range(self.layers):
                h = down.block[index](skips[-1], embedded)
                skips.append(down.attn[index](h) if level in self.attentive else h)
            if hasattr(down, "downsample"):
                skips.append(down.downsample.conv(pad(skips[-1], (0, 1, 0, 1))))
        h = self.mid.block_2(self.mid.attn_1(self.mid.block_1(skips[-1], embedded)), embedded)
        for level in reversed(range(len(self.up))):
            up = self.up[level]
            for index in range(self.layers + 1):
                h = up.block[index](torch.cat([h, skips.pop()], 1), embedded)
                h = up.attn[index](h) if level in self.attentive else h
            if hasattr(up, "upsample"):
                h = up.upsample.conv(interpolate(h, scale_factor=2.0, mode="nearest"))
        return self.conv_out(silu(self.norm_out(h)))


# ADM (Dhariwal & Nichol 2021), as in guided-diffusion


class AdmResnet(nn.Module):
    def __init__(self, before, after, embedding, *, shift, resample=None):
        super().__init__()
        self.shift, self.resample = shift, resample
        self.in_layers = nn.Sequential(nn.GroupNorm(32, before), nn.SiLU(), nn.Conv2d(before, after, 3, padding=1))
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(embedding, (2 if shift else 1) * after))
        self.out_layers = nn.Sequential(
            nn.GroupNorm(32, after), nn.SiLU(), nn.Dropout(0.0), nn.Conv2d(after, after, 3, padding=1)
        )
        self.skip_connection = nn.Identity() if before == after else nn.Conv2d(before, after, 1)

    def forward(self, x, embedded):
        h = self.in_layers[1](self.in_layers[0](x))
        if self.resample == "down":
            h, x = avg_pool2d(h, 2), avg_pool2d(x, 2)
        if self.resample == "up":
            h, x = (interpolate(part, scale_factor=2, mode="nearest") for part in (h, x))
        h = self.in_layers[2](h)
        told = self.emb_layers(embedded)[:, :, None, None]
        if self.shift:
            scale, shift = told.chunk(2, 1)
            h = self.out_layers[1:](self.out_layers[0](h) * (1 + scale) + shift)
        else:
            h = self.out_layers(h + told)
        return self.skip_connection(x) + h


class AdmAttention(nn.Module):
    def __init__(self, width, heads, new_order):
        super().__init__()
        self.heads, self.new_order = heads, new_order
        self.norm = nn.GroupNorm(32, width)
        self.qkv, self.proj_out = nn.Conv1d(width, 3 * width, 1), nn.Conv1d(width, width, 1)

    def forward(self, x):
        qkv = self.qkv(self.norm(x.flatten(2)))
        if self.new_order:  # (q k v) x heads x channels
            q, k, v = (part.unflatten(1, (self.heads, -1)) for part in qkv.chunk(3, 1))
        else:  # heads x (q k v) x channels
            q, k, v = qkv.unflatten(1, (self.heads, 3, -1)).unbind(2)
        h = torch.stack([attend(q[:, i], k[:, i], v[:, i]) for i in range(self.heads)], 1).flatten(1, 2)
        return x + self.proj_out(h).reshape(x.shape)


class Adm(nn.Module):
    def __init__(
        self,
        width=32,
        multipliers=(1, 2),
        layers=1,
        attentive=(1,),
        *,
        head_channels=16,
        heads=None,
        new_order=False,
        outputs=6,
        classes=0,
        shift=True,
        resampled=True,
        inputs=3,
    ):
        super().__init__()
        embedding = 4 * width
        self.width = width

        def resnet(before, after, resample=None):
            return AdmResnet(before, after, embedding, shift=shift, resample=resample)

        def attention(channels):
            return AdmAttention(channels, heads or channels // head_channels, new_order)

        self.time_embed = nn.Sequential(nn.Linear(width, embedding), nn.SiLU(), nn.Linear(embedding, embedding))
        if classes:
            self.label_emb = nn.Embedding(classes, embedding)
        blocks, skips, now = [nn.ModuleList([nn.Conv2d(inputs, width, 3, padding=1)])], [width], width
        for level, multiplier in enumerate(multipliers):
            for _ in range(layers):
                parts = [resnet(now, width * multiplier)]
                now = width * multiplier
                parts += [attention(now)] if level in attentive else []
                blocks.append(nn.ModuleList(parts))
                skips.append(now)
            if level < len(multipliers) - 1:
                down = resnet(now, now, "down") if resampled else Named(op=nn.Conv2d(now, now, 3, 2, 1))
                blocks.append(nn.ModuleList([down]))
                skips.append(now)
        self.input_blocks = nn.ModuleList(blocks)
        self.middle_block = nn.ModuleList([resnet(now, now), attention(now), resnet(now, now)])
        self.output_blocks = nn.ModuleList()
        for level, multiplier in reversed(list(enumerate(multipliers))):
            for index in range(layers + 1):
                parts = [resnet(now + skips.pop(), width * multiplier)]
                now = width * multiplier
                parts += [attention(now)] if level in attentive else []
                if level > 0 and index == layers:
                    up = resnet(now, now, "up") if resampled else Named(conv=nn.Conv2d(now, now, 3, padding=1))
                    parts.append(up)
                self.output_blocks.append(nn.ModuleList(parts))
        self.out = nn.Sequential(nn.GroupNorm(32, now), nn.SiLU(), nn.Conv2d(now, outputs, 3, padding=1))

    @staticmethod
    def run(parts, h, embedded):
        for part in parts:
            if isinstance(part, AdmResnet):
                h = part(h, embedded)
            elif hasattr(part, "op"):
                h = part.op(h)
            elif isinstance(part, Named):
                h = part.conv(interpolate(h, scale_factor=2, mode="nearest"))
            else:
                h = part(h)
        return h

    def forward(self, x, time, labels=None):
        embedded = self.time_embed(sinusoids(time, self.width, last=self.width // 2, cosine_first=True))
        if labels is not None:
            embedded = embedded + self.label_emb(labels)
        h, skips = x, []
        for parts in self.input_blocks:
            h = self.run(parts, h, embedded)
            skips.append(h)
        h = self.run(self.middle_block, h, embedded)
        for parts in self.output_blocks:
            h = self.run(parts, torch.cat([h, skips.pop()], 1), embedded)
        return self.out(h)


# NCSN++ (Song et al. 2021), as in score_sde_pytorch: VE, FIR resampling, pyramids in and out


def smoothing(channels):
    kernel = torch.tensor([1.0, 3.0, 3.0, 1.0])
    kernel = kernel[:, None] * kernel
    return (kernel / kernel.sum()).expand(channels, 1, 4, 4)


def halved(x):
    return conv2d(pad(x, (1, 1, 1, 1)), smoothing(x.shape[1]), stride=2, groups=x.shape[1])


def doubled(x):
    return conv_transpose2d(x, 4 * smoothing(x.shape[1]), stride=2, padding=1, groups=x.shape[1])


def group_norm(width):
    return nn.GroupNorm(min(width // 4, 32), width, 1e-6)


class NcsnResnet(nn.Module):
    def __init__(self, before, after, embedding, resample=None):
        super().__init__()
        self.resample = resample
        self.GroupNorm_0, self.Conv_0 = group_norm(before), nn.Conv2d(before, after, 3, padding=1)
        self.Dense_0 = nn.Linear(embedding, after)
        self.GroupNorm_1, self.Conv_1 = group_norm(after), nn.Conv2d(after, after, 3, padding=1)
        if before != after or resample:
            self.Conv_2 = nn.Conv2d(before, after, 1)

    def forward(self, x, embedded):
        h = silu(self.GroupNorm_0(x))
        if self.resample:
            h, x = self.resample(h), self.resample(x)
        h = self.Conv_0(h) + self.Dense_0(silu(embedded))[:, :, None, None]
        h = self.Conv_1(silu(self.GroupNorm_1(h)))
        return (h + (self.Conv_2(x) if hasattr(self, "Conv_2") else x)) / sqrt(2)


class Nin(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.W, self.b = nn.Parameter(torch.empty(width, width)), nn.Parameter(torch.empty(width))

    def forward(self, x):
        return torch.einsum("bcn,cd->bdn", x, self.W) + self.b[:, None]


class NcsnAttention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.GroupNorm_0 = group_norm(width)
        self.NIN_0, self.NIN_1, self.NIN_2, self.NIN_3 = (Nin(width) for _ in range(4))

    def forward(self, x):
        h = self.GroupNorm_0(x).flatten(2)
        h = self.NIN_3(attend(self.NIN_0(h), self.NIN_1(h), self.NIN_2(h)))
        return (x + h.reshape(x.shape)) / sqrt(2)


class Fourier(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.W = nn.Parameter(torch.empty(width), requires_grad=False)


class Ncsnpp(nn.Module):
    def __init__(self, width=32, multipliers=(1, 4), layers=1, attentive=(1,), sigmas=None):
        super().__init__()
        self.layers, self.attentive, self.levels = layers, attentive, len(multipliers)
        embedding = 4 * width
        if sigmas is not None:
            self.register_buffer("sigmas", sigmas)

        def resnet(before, after, resample=None):
            return NcsnResnet(before, after, embedding, resample)

        modules = [Fourier(width), nn.Linear(2 * width, embedding), nn.Linear(embedding, embedding)]
        modules.append(nn.Conv2d(3, width, 3, padding=1))
        skips, now = [width], width
        for level, multiplier in enumerate(multipliers):
            for _ in range(layers):
                modules.append(resnet(now, width * multiplier))
                now = width * multiplier
                modules += [NcsnAttention(now)] if level in attentive else []
                skips.append(now)
            if level < self.levels - 1:
                modules += [resnet(now, now, halved), nn.Identity(), Named(Conv_0=nn.Conv2d(3, now, 1))]
                skips.append(now)
        modules += [resnet(now, now), NcsnAttention(now), resnet(now, now)]
        for level, multiplier in reversed(list(enumerate(multipliers))):
            for _ in range(layers + 1):
                modules.append(resnet(now + skips.pop(), width * multiplier))
                now = width * multiplier
            modules += [NcsnAttention(now)] if level in attentive else []
            modules += [nn.Identity()] if level < self.levels - 1 else []
            modules += [group_norm(now), nn.Conv2d(now, 3, 3, padding=1)]
            modules += [resnet(now, now, doubled)] if level > 0 else []
        self.all_modules = nn.ModuleList(modules)

    def forward(self, x, sigma):
        modules = iter(self.all_modules)
        angles = sigma.log()[:, None] * next(modules).W * 2 * pi
        embedded = next(modules)(torch.cat([angles.sin(), angles.cos()], 1))
        embedded = next(modules)(silu(embedded))
        x = pyramid = 2 * x - 1
        skips = [next(modules)(x)]
        for level in range(self.levels):
            for _ in range(self.layers):
                h = next(modules)(skips[-1], embedded)
                skips.append(next(modules)(h) if level in self.attentive else h)
            if level < self.levels - 1:
                h = next(modules)(skips[-1], embedded)
                pyramid = next(modules)(halved(pyramid))
                skips.append(next(modules).Conv_0(pyramid) + h)
        h = next(modules)(skips[-1], embedded)
        h = next(modules)(h)
        h = next(modules)(h, embedded)
        result = None
        for level in reversed(range(self.levels)):
            for _ in range(self.layers + 1):
                h = next(modules)(torch.cat([h, skips.pop()], 1), embedded)
            h = next(modules)(h) if level in self.attentive else h
            if result is not None:
                result = next(modules)(doubled(result))
            norm, conv = next(modules), next(modules)
            here = conv(silu(norm(h)))
            result = here if result is None else result + here
            if level > 0:
                h = next(modules)(h, embedded)
        return result / sigma[:, None, None, None]
