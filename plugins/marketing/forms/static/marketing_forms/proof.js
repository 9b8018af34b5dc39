// The work that a browser does for a page, in small pieces so that nobody feels it: SHA-256 of the ticket and a number
// begins with so many zero bits. Own code, as the browser's own digest is missing on pages without TLS and slow in bulk.

const K = new Uint32Array(64);
const H = new Uint32Array(8);
const fraction = (x) => ((x - Math.floor(x)) * 0x100000000) | 0;
for (let n = 2, i = 0; i < 64; n++) {
  let isPrime = true;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) { isPrime = false; break; }
  if (!isPrime) continue;
  if (i < 8) H[i] = fraction(Math.sqrt(n));
  K[i++] = fraction(Math.cbrt(n));
}
const w = new Uint32Array(64);
const turn = (x, n) => (x >>> n) | (x << (32 - n));

function block(state, bytes, at) {
  for (let i = 0; i < 16; i++, at += 4) w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  for (let i = 16; i < 64; i++) {
    const a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + w[i - 7] + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i++) {
    const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
    const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((x, i) => { state[i] += x; });
}

// The digest's first 32 bits of a text of Latin letters.
export function head(text) {
  const size = text.length;
  const bytes = new Uint8Array(((size + 8) >> 6) * 64 + 64);
  for (let i = 0; i < size; i++) bytes[i] = text.charCodeAt(i);
  bytes[size] = 0x80;
  new DataView(bytes.buffer).setUint32(bytes.length - 4, size * 8);
  const state = Uint32Array.from(H);
  for (let at = 0; at < bytes.length; at += 64) block(state, bytes, at);
  return state[0];
}

export function prove(ticket, bits) {
  return new Promise((done) => {
    let number = 0;
    const some = () => {
      for (const end = number + 500; number < end; number++) {
        if (head(`${ticket}:${number}`) >>> (32 - bits) === 0) { done(String(number)); return; }
      }
      setTimeout(some);
    };
    setTimeout(some);
  });
}
