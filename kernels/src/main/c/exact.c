/*
 * Products with f32 activations in the order of io.hadal.kernels.Kernels: sixteen lanes, each a chain
 * of fused multiply-adds over ascending columns, folded upper half onto lower half.
 */
#include "hadal.h"

enum {
  PAIR_TOKENS = 6, /* of a tile of 4 rows: 24 sums stay in registers */
  AHEAD = 2048
};

/* Sixteen elements of `bytes`, all or those of the mask. */
INLINE __m512i part(const int bytes, const int whole, const uint8_t *p, __mmask16 mask) {
  switch (bytes) {
    case 4:
      return whole ? _mm512_loadu_si512(p) : _mm512_maskz_loadu_epi32(mask, p);
    case 2:
      return _mm512_castsi256_si512(
          whole ? _mm256_loadu_si256((const __m256i *) p) : _mm256_maskz_loadu_epi16(mask, p));
    default:
      return _mm512_castsi128_si512(
          whole ? _mm_loadu_si128((const __m128i *) p) : _mm_maskz_loadu_epi8(mask, p));
  }
}

INLINE int element_bytes(const int type) {
  return type == EXACT_F32 ? 4 : type == EXACT_F8 ? 1 : 2;
}

/* Sixteen stored elements as f32. */
INLINE __m512 decoded(const int type, __m512i stored, float scale) {
  switch (type) {
    case EXACT_F32:
      return _mm512_castsi512_ps(stored);
    case EXACT_F16:
      return _mm512_cvtph_ps(_mm512_castsi512_si256(stored));
    case EXACT_BF16: {
      __m512i w = _mm512_cvtepu16_epi32(_mm512_castsi512_si256(stored));
      return _mm512_castsi512_ps(_mm512_slli_epi32(w, 16));
    }
    default: {
      /* As f16, whose exponent has another bias and takes the subnormal codes too; 0x7f is NaN. */
      __m128i c = _mm512_castsi512_si128(stored);
      __m128i bits = _mm_and_si128(c, _mm_set1_epi8(0x7f));
      __mmask16 nan = _mm_cmpeq_epi8_mask(bits, _mm_set1_epi8(0x7f));
      __m256i h = _mm256_slli_epi16(_mm256_cvtepi8_epi16(c), 7);
      h = _mm256_and_si256(h, _mm256_set1_epi16((short) 0xbf80));
      __m512 v = _mm512_mul_ps(_mm512_cvtph_ps(h), _mm512_set1_ps(256));
      if (__builtin_expect(nan, 0)) {
        v = _mm512_mask_mov_ps(v, nan, _mm512_castsi512_ps(_mm512_set1_epi32(0x7fc00000)));
      }
      return _mm512_mul_ps(_mm512_set1_ps(scale), v);
    }
  }
}

INLINE float fold(__m512 v) {
  __m256 a = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
  __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  __m128 c = _mm_add_ps(b, _mm_movehl_ps(b, b));
  return _mm_cvtss_f32(_mm_add_ss(c, _mm_shuffle_ps(c, c, 1)));
}

/* Sixteen columns, or those of the mask; lanes past the last keep what they have, be it NaN. */
INLINE void columns(
    const int type, const int R, const int T, const int whole, const struct exact *p, long k,
    __mmask16 mask, const uint8_t *const *w, const float *const *scales, const float *x,
    __m512 (*sum)[T]) {
  const int bytes = element_bytes(type);
  __m512 v[T];
#pragma GCC unroll 6
  for (int j = 0; j < T; j++) {
    const float *at = x + j * p->x_stride + k;
    v[j] = whole ? _mm512_loadu_ps(at) : _mm512_maskz_loadu_ps(mask, at);
  }
#pragma GCC unroll 8
  for (int i = 0; i < R; i++) {
    const float scale = type == EXACT_F8 ? scales[i][k / p->tile_cols] : 0;
    __m512 a = decoded(type, part(bytes, whole, w[i] + k * bytes, mask), scale);
#pragma GCC unroll 6
    for (int j = 0; j < T; j++) {
      sum[i][j] = whole ? _mm512_fmadd_ps(a, v[j], sum[i][j])
                        : _mm512_mask3_fmadd_ps(a, v[j], sum[i][j], mask);
    }
  }
}

/* R rows and T tokens; rows past the last are the last again and not written. */
INLINE void tile(
    const int type, const int R, const int T, const struct exact *p, int r, int rows, int t) {
  const uint8_t *w[R];
  const float *scales[R];
  __m512 sum[R][T];
#pragma GCC unroll 8
  for (int i = 0; i < R; i++) {
    const long at = r + (i < rows ? i : rows - 1);
    w[i] = p->w + at * p->row_bytes;
    scales[i] = type == EXACT_F8 ? p->scales + (p->scale_row + at) / p->tile_rows * p->tiles : 0;
#pragma GCC unroll 6
    for (int j = 0; j < T; j++) {
      sum[i][j] = _mm512_setzero_ps();
    }
  }
  const float *x = p->x + t * p->x_stride;
  const int bytes = element_bytes(type);
  const long line = 64 / bytes;
  long k = 0;
#pragma GCC unroll 1
  for (; k + line <= p->cols; k += line) {
#pragma GCC unroll 8
    for (int i = 0; i < R; i++) {
      _mm_prefetch((const char *) w[i] + k * bytes + AHEAD, _MM_HINT_T0);
    }
#pragma GCC unroll 4
    for (long c = 0; c < line; c += 16) {
      columns(type, R, T, 1, p, k + c, 0xffff, w, scales, x, sum);
    }
  }
#pragma GCC unroll 1
  for (; k < p->cols; k += 16) {
    const long left = p->cols - k;
    const __mmask16 mask = left >= 16 ? 0xffff : (__mmask16) ((1 << left) - 1);
    columns(type, R, T, 0, p, k, mask, w, scales, x, sum);
  }
#pragma GCC unroll 8
  for (int i = 0; i < R; i++) {
#pragma GCC unroll 6
    for (int j = 0; j < T; j++) {
      if (i < rows) {
        p->y[(t + j) * p->y_stride + r + i] = fold(sum[i][j]);
      }
    }
  }
}

INLINE void product(const int type, const struct exact *p) {
  if (p->tokens == 1) {
    for (int r = 0; r < p->rows; r += 8) {
      tile(type, 8, 1, p, r, p->rows - r, 0);
    }
    return;
  }
  for (int r = 0; r < p->rows; r += 4) {
    const int rows = p->rows - r;
    int t = 0;
    for (; t + PAIR_TOKENS <= p->tokens; t += PAIR_TOKENS) {
      tile(type, 4, PAIR_TOKENS, p, r, rows, t);
    }
    switch (p->tokens - t) {
      case 5: tile(type, 4, 5, p, r, rows, t); break;
      case 4: tile(type, 4, 4, p, r, rows, t); break;
      case 3: tile(type, 4, 3, p, r, rows, t); break;
      case 2: tile(type, 4, 2, p, r, rows, t); break;
      case 1: tile(type, 4, 1, p, r, rows, t); break;
      default: break;
    }
  }
}

#define PRODUCT(type) \
  static VNNI __attribute__((noinline)) void product_##type(const struct exact *p) { \
    product(type, p); \
  }
PRODUCT(EXACT_F32)
PRODUCT(EXACT_F16)
PRODUCT(EXACT_BF16)
PRODUCT(EXACT_F8)

void exact_product(const struct exact *p) {
  switch (p->type) {
    case EXACT_F32: product_EXACT_F32(p); break;
    case EXACT_F16: product_EXACT_F16(p); break;
    case EXACT_BF16: product_EXACT_BF16(p); break;
    case EXACT_F8: product_EXACT_F8(p); break;
    default: break;
  }
}
