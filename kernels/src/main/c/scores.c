/* Index scores from bytes: io.hadal.kernels.ByteScores. */
#include "hadal.h"

enum { KEYS = 64, VECTORS = KEYS / 16 };

/* H heads from `h` on: adds what is positive, under the heads' weights, to the sums. */
INLINE void heads(
    const int H, const uint8_t *q, const float *w, int words, const uint8_t *tile, const __m512i *start,
    __m512 *sums) {
  __m512i dot[H][VECTORS];
  for (int h = 0; h < H; h++) {
    for (int v = 0; v < VECTORS; v++) {
      dot[h][v] = start[v];
    }
  }
  for (int k = 0; k < words; k++) {
    __m512i key[VECTORS];
    for (int v = 0; v < VECTORS; v++) {
      key[v] = _mm512_loadu_si512(tile + 4L * (k * KEYS + 16 * v));
    }
#pragma GCC unroll 4
    for (int h = 0; h < H; h++) {
      int32_t word;
      __builtin_memcpy(&word, q + 4L * (h * words + k), 4);
      const __m512i x = _mm512_set1_epi32(word);
      for (int v = 0; v < VECTORS; v++) {
        dot[h][v] = _mm512_dpbusd_epi32(dot[h][v], x, key[v]);
      }
    }
  }
#pragma GCC unroll 4
  for (int h = 0; h < H; h++) {
    const __m512 weight = _mm512_set1_ps(w[h]);
    for (int v = 0; v < VECTORS; v++) {
      const __m512i positive = _mm512_max_epi32(dot[h][v], _mm512_setzero_si512());
      sums[v] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(positive), weight, sums[v]);
    }
  }
}

/* Queries are codes plus 128, [tokens][heads][width]; width is a multiple of 4. */
EXPORT VNNI void hadal_byte_scores(
    const uint8_t *q, const float *weights, int from, int tokens, int heads_count, int width,
    const uint8_t *tile, int keys, float *scores, long at, long stride) {
  const int words = width / 4;
  /* What the 128 of the queries add is taken off from the start. */
  __m512i start[VECTORS];
  for (int v = 0; v < VECTORS; v++) {
    start[v] = _mm512_setzero_si512();
    for (int k = 0; k < words; k++) {
      start[v] = _mm512_dpbusd_epi32(
          start[v], _mm512_set1_epi8((char) 128), _mm512_loadu_si512(tile + 4L * (k * KEYS + 16 * v)));
    }
    start[v] = _mm512_sub_epi32(_mm512_setzero_si512(), start[v]);
  }
  for (int t = 0; t < tokens; t++) {
    const uint8_t *x = q + (long) (from + t) * heads_count * width;
    const float *w = weights + (long) (from + t) * heads_count;
    __m512 sums[VECTORS];
    for (int v = 0; v < VECTORS; v++) {
      sums[v] = _mm512_setzero_ps();
    }
    int h = 0;
    for (; h + 4 <= heads_count; h += 4) {
      heads(4, x + (long) h * width, w + h, words, tile, start, sums);
    }
    for (; h < heads_count; h++) {
      heads(1, x + (long) h * width, w + h, words, tile, start, sums);
    }
    for (int v = 0; v < VECTORS; v++) {
      const int left = keys - 16 * v;
      if (left > 0) {
        const __mmask16 mask = left >= 16 ? 0xffff : (__mmask16) ((1 << left) - 1);
        const __m512 scale = _mm512_loadu_ps(tile + 4L * (words * KEYS + 16 * v));
        _mm512_mask_storeu_ps(scores + at + t * stride + 16 * v, mask, _mm512_mul_ps(sums[v], scale));
      }
    }
  }
}
