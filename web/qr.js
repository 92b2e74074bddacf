/* qr: a text as a QR code (ISO/IEC 18004), byte mode, error correction M, versions 1 to 20. encode() gives rows of
 * booleans, or null when the text is too long; drawing() an SVG of it. Numbers are as in the standard: it counts modules
 * from the upper left. */

/* For each version: error correction bytes of a block, and number of blocks. */
const CHECK = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16];
const QUIET = 4;

const width = (version) => version * 4 + 17;

/* Where the small squares sit, on both axes. */
function alignments(version) {
    if (version === 1)
        return [];
    const many = Math.floor(version / 7) + 2;
    const step = Math.ceil((width(version) - 13) / (2 * many - 2)) * 2;
    return [6, ...Array.from({ length: many - 1 }, (_, n) => width(version) - 7 - step * (many - 2 - n))];
}

/* All modules that carry data, in bytes: what the patterns leave. */
function capacity(version) {
    const many = alignments(version).length;
    let bits = width(version) ** 2 - 3 * 64 - 31 - 2 * (width(version) - 16);
    if (many)
        bits -= 25 * (many ** 2 - 3) - 10 * (many - 2);
    return Math.floor((version >= 7 ? bits - 36 : bits) / 8);
}

/* ---- Reed-Solomon over GF(256), polynomial 0x11d ---- */

function times(a, b) {
    let product = 0;
    for (let bit = 7; bit >= 0; bit--)
        product = (product << 1) ^ ((product >> 7) * 0x11d) ^ (((b >> bit) & 1) * a);
    return product;
}

function divisor(degree) {
    const result = new Uint8Array(degree);
    result[degree - 1] = 1;
    for (let n = 0, root = 1; n < degree; n++, root = times(root, 2))
        for (let at = 0; at < degree; at++)
            result[at] = times(result[at], root) ^ (at + 1 < degree ? result[at + 1] : 0);
    return result;
}

function remainder(bytes, by) {
    const rest = new Uint8Array(by.length);
    for (const byte of bytes) {
        const factor = byte ^ rest[0];
        rest.copyWithin(0, 1);
        rest[by.length - 1] = 0;
        for (let at = 0; at < by.length; at++)
            rest[at] ^= times(by[at], factor);
    }
    return rest;
}

/* ---- the text as bytes, blocks, and checks between them ---- */

function payload(text, version, room) {
    const bits = [];
    const add = (value, length) => {
        for (let at = length - 1; at >= 0; at--)
            bits.push((value >> at) & 1);
    };
    add(4, 4);
    add(text.length, version < 10 ? 8 : 16);
    text.forEach((byte) => add(byte, 8));
    add(0, Math.min(4, room * 8 - bits.length));
    add(0, (8 - (bits.length % 8)) % 8);
    const bytes = Array.from({ length: bits.length / 8 }, (_, at) => bits.slice(at * 8, at * 8 + 8).reduce((sum, bit) =>
        sum * 2 + bit));
    for (let pad = 0xec; bytes.length < room; pad ^= 0xec ^ 0x11)
        bytes.push(pad);
    return bytes;
}

function interleaved(data, version) {
    const all = capacity(version);
    const blocks = BLOCKS[version - 1];
    const short = blocks - (all % blocks); // so many have one byte less
    const by = divisor(CHECK[version - 1]);
    const parts = [];
    for (let n = 0, at = 0; n < blocks; n++) {
        const end = at + Math.floor(all / blocks) - by.length + (n >= short ? 1 : 0);
        const part = data.slice(at, end);
        parts.push({ part, check: remainder(part, by) });
        at = end;
    }
    const out = [];
    for (let at = 0; at <= parts.at(-1).part.length; at++)
        out.push(...parts.filter(({ part }) => at < part.length).map(({ part }) => part[at]));
    for (let at = 0; at < by.length; at++)
        out.push(...parts.map(({ check }) => check[at]));
    return out;
}

/* ---- modules ---- */

class Code {
    constructor(version) {
        this.version = version;
        this.size = width(version);
        this.dark = Array.from({ length: this.size }, () => new Array(this.size).fill(false));
        this.fixed = this.dark.map((row) => row.slice());
    }

    set(x, y, dark) {
        if (x < 0 || y < 0 || x >= this.size || y >= this.size)
            return;
        this.dark[y][x] = Boolean(dark);
        this.fixed[y][x] = true;
    }

    patterns() {
        for (let n = 0; n < this.size; n++) {
            this.set(6, n, n % 2 === 0);
            this.set(n, 6, n % 2 === 0);
        }
        const squares = (cx, cy, reach, light) => {
            for (let dy = -reach; dy <= reach; dy++)
                for (let dx = -reach; dx <= reach; dx++)
                    this.set(cx + dx, cy + dy, !light.includes(Math.max(Math.abs(dx), Math.abs(dy))));
        };
        for (const [x, y] of [[3, 3], [this.size - 4, 3], [3, this.size - 4]])
            squares(x, y, 4, [2, 4]);
        const places = alignments(this.version);
        const end = places.length - 1;
        places.forEach((x, i) => places.forEach((y, j) => {
            if (!((i === 0 && j === 0) || (i === 0 && j === end) || (i === end && j === 0)))
                squares(x, y, 2, [1]);
        }));
        this.format(0);
        this.number();
    }

    format(mask) {
        const data = mask; // error correction M is 00
        let rest = data;
        for (let n = 0; n < 10; n++)
            rest = (rest << 1) ^ ((rest >> 9) * 0x537);
        const bits = ((data << 10) | rest) ^ 0x5412;
        const bit = (n) => (bits >> n) & 1;
        for (let n = 0; n < 15; n++) {
            this.set(8, n < 6 ? n : n < 8 ? n + 1 : this.size - 15 + n, bit(n));
            this.set(n < 8 ? this.size - 1 - n : n === 8 ? 7 : 14 - n, 8, bit(n));
        }
        this.set(8, this.size - 8, true);
    }

    number() {
        if (this.version < 7)
            return;
        let rest = this.version;
        for (let n = 0; n < 12; n++)
            rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
        const bits = (this.version << 12) | rest;
        for (let n = 0; n < 18; n++) {
            const far = this.size - 11 + (n % 3);
            this.set(far, Math.floor(n / 3), (bits >> n) & 1);
            this.set(Math.floor(n / 3), far, (bits >> n) & 1);
        }
    }

    /* Two columns at a time from the right, up and down in turn, around the column of the timing pattern. */
    fill(bytes) {
        let at = 0;
        for (let right = this.size - 1; right >= 1; right -= 2) {
            if (right === 6)
                right = 5;
            for (let n = 0; n < this.size; n++)
                for (const x of [right, right - 1]) {
                    const y = ((right + 1) & 2) === 0 ? this.size - 1 - n : n;
                    if (!this.fixed[y][x] && at < bytes.length * 8) {
                        this.dark[y][x] = Boolean((bytes[at >> 3] >> (7 - (at & 7))) & 1);
                        at++;
                    }
                }
        }
    }

    mask(which) {
        const masks = [(x, y) => (x + y) % 2, (x, y) => y % 2, (x) => x % 3, (x, y) => (x + y) % 3,
                       (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2, (x, y) => ((x * y) % 2) + ((x * y) % 3),
                       (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2, (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2];
        for (let y = 0; y < this.size; y++)
            for (let x = 0; x < this.size; x++)
                if (!this.fixed[y][x] && masks[which](x, y) === 0)
                    this.dark[y][x] = !this.dark[y][x];
    }

    /* How hard it is to read: of one colour for long, or in squares, or as a whole. */
    penalty() {
        const lines = [...this.dark, ...this.dark.map((_, x) => this.dark.map((row) => row[x]))].map((line) =>
            line.map(Number).join(""));
        let sum = lines.reduce((all, line) => all + [...line.matchAll(/0{5,}|1{5,}/g)].reduce((n, [run]) =>
            n + run.length - 2, 0), 0);
        for (let y = 1; y < this.size; y++)
            for (let x = 1; x < this.size; x++)
                sum += new Set([lines[y][x], lines[y - 1][x], lines[y][x - 1], lines[y - 1][x - 1]]).size === 1 ? 3 : 0;
        const dark = this.dark.flat().filter(Boolean).length / this.size ** 2;
        return sum + 10 * Math.floor(Math.abs(dark * 100 - 50) / 5);
    }
}

export function encode(text) {
    const bytes = [...new TextEncoder().encode(text)];
    for (let version = 1; version <= CHECK.length; version++) {
        const room = capacity(version) - CHECK[version - 1] * BLOCKS[version - 1];
        if (bytes.length + (version < 10 ? 2 : 3) > room)
            continue;
        const words = interleaved(payload(bytes, version, room), version);
        const codes = [0, 1, 2, 3, 4, 5, 6, 7].map((mask) => {
            const code = new Code(version);
            code.patterns();
            code.fill(words);
            code.mask(mask);
            code.format(mask);
            return code;
        });
        return codes.reduce((best, code) => (code.penalty() < best.penalty() ? code : best)).dark;
    }
    return null;
}

const SVG = "http://www.w3.org/2000/svg";

/* Black on white whatever the theme: that is what cameras know. */
export function drawing(modules, label) {
    const side = modules.length + 2 * QUIET;
    const svg = document.createElementNS(SVG, "svg");
    const path = document.createElementNS(SVG, "path");
    svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
    svg.setAttribute("class", "qr");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
    svg.setAttribute("shape-rendering", "crispEdges");
    path.setAttribute("d", modules.flatMap((row, y) =>
        row.map((dark, x) => (dark ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : ""))).join(""));
    svg.append(path);
    return svg;
}
