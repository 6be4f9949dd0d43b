/*
 * Products with f32 activations in the order of io.hadal.kernels.Kernels: sixteen lanes, each a chain
 * of fused multiply-adds over ascending columns, folded upper half onto lower half.
 */
#include "hadal.h"

enum {
  AHEAD = 2048,  /* bytes between a read and its prefetch */
  NEAR = 512,    /* the same in streams */
  ROWS = 32,     /* whose sums wait in memory between chunks */
  STREAMS = 8,   /* rows of one token in turn */
  STRETCH = 16,  /* rows of a stream one after the other */
  COLUMNS = 1024 /* of a chunk: 6 tokens are 24 KB */
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
      /* As f16, whose exponent has another bias and takes the subnormal codes too. */
      __m256i h = _mm256_slli_epi16(_mm256_cvtepi8_epi16(_mm512_castsi512_si128(stored)), 7);
      h = _mm256_and_si256(h, _mm256_set1_epi16((short) 0xbf80));
      return _mm512_mul_ps(_mm512_set1_ps(scale), _mm512_cvtph_ps(h));
    }
  }
}

/* Codes 0x7f and 0xff of E4M3. */
INLINE __m512 with_nan(__m512i codes, __m512 v) {
  __m128i bits = _mm_and_si128(_mm512_castsi512_si128(codes), _mm_set1_epi8(0x7f));
  __mmask16 nan = _mm_cmpeq_epi8_mask(bits, _mm_set1_epi8(0x7f));
  return _mm512_mask_mov_ps(v, nan, _mm512_castsi512_ps(_mm512_set1_epi32(0x7fc00000)));
}

INLINE int any_nan(const uint8_t *line) {
  __m512i low = _mm512_set1_epi8(0x7f);
  return _mm512_cmpeq_epi8_mask(_mm512_and_si512(_mm512_loadu_si512(line), low), low) != 0;
}

INLINE float fold(__m512 v) {
  __m256 a = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
  __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  __m128 c = _mm_add_ps(b, _mm_movehl_ps(b, b));
  return _mm_cvtss_f32(_mm_add_ss(c, _mm_shuffle_ps(c, c, 1)));
}

/* Sixteen columns, or those of the mask; lanes past the last keep what they have, be it NaN. */
INLINE void columns(
    const int type, const int R, const int T, const int whole, const int nan, const struct exact *p,
    long k, __mmask16 mask, const uint8_t *const *w, const float *scale, const float *x,
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
    __m512i codes = part(bytes, whole, w[i] + k * bytes, mask);
    __m512 a = decoded(type, codes, scale[i]);
    if (nan) {
      a = with_nan(codes, a);
    }
#pragma GCC unroll 6
    for (int j = 0; j < T; j++) {
      sum[i][j] = whole ? _mm512_fmadd_ps(a, v[j], sum[i][j])
                        : _mm512_mask3_fmadd_ps(a, v[j], sum[i][j], mask);
    }
  }
}

/* Adds columns k to `end` of R rows, `step` apart, and T tokens; rows past `last` are that one again. */
INLINE void tile(
    const int type, const int R, const int T, const struct exact *p, int r, int step, int last, int t,
    long k, long end, __m512 (*sums)[T]) {
  const uint8_t *w[R];
  const float *scales[R];
  float scale[R];
  __m512 sum[R][T];
#pragma GCC unroll 8
  for (int i = 0; i < R; i++) {
    const long at = r + i * step < last ? r + i * step : last;
    w[i] = p->w + at * p->row_bytes;
    scales[i] = type == EXACT_F8 ? p->scales + (p->scale_row + at) / p->tile_rows * p->tiles : 0;
    scale[i] = 0;
#pragma GCC unroll 6
    for (int j = 0; j < T; j++) {
      sum[i][j] = sums[i][j];
    }
  }
  const float *x = p->x + t * p->x_stride;
  const int bytes = element_bytes(type);
  const long line = 64 / bytes;
  const long lines = type != EXACT_F8 || p->tile_cols % 64 == 0 ? end - line : -1;
#pragma GCC unroll 1
  for (; k <= lines; k += line) {
    int nan = 0;
#pragma GCC unroll 8
    for (int i = 0; i < R; i++) {
      _mm_prefetch((const char *) w[i] + k * bytes + (T > 1 ? AHEAD : NEAR), _MM_HINT_T0);
      if (type == EXACT_F8) {
        scale[i] = scales[i][(uint32_t) k / (uint32_t) p->tile_cols];
        nan |= any_nan(w[i] + k);
      }
    }
    if (__builtin_expect(nan, 0)) {
#pragma GCC unroll 1
      for (long c = 0; c < line; c += 16) {
        columns(type, R, T, 1, 1, p, k + c, 0xffff, w, scale, x, sum);
      }
      continue;
    }
#pragma GCC unroll 4
    for (long c = 0; c < line; c += 16) {
      columns(type, R, T, 1, 0, p, k + c, 0xffff, w, scale, x, sum);
    }
  }
#pragma GCC unroll 1
  for (; k < end; k += 16) {
    const long left = end - k;
    const __mmask16 mask = left >= 16 ? 0xffff : (__mmask16) ((1 << left) - 1);
    if (type == EXACT_F8) {
#pragma GCC unroll 8
      for (int i = 0; i < R; i++) {
        scale[i] = scales[i][(uint32_t) k / (uint32_t) p->tile_cols];
      }
    }
    columns(type, R, T, 0, type == EXACT_F8, p, k, mask, w, scale, x, sum);
  }
#pragma GCC unroll 8
  for (int i = 0; i < R; i++) {
#pragma GCC unroll 6
    for (int j = 0; j < T; j++) {
      sums[i][j] = sum[i][j];
    }
  }
}

/* Rows r to `to` and T tokens, in chunks of columns whose inputs stay in the first cache. */
INLINE void rows(const int type, const int R, const int T, const struct exact *p, int r, int to, int t) {
  __m512 sums[ROWS][T];
  for (int i = 0; i < ROWS; i++) {
    for (int j = 0; j < T; j++) {
      sums[i][j] = _mm512_setzero_ps();
    }
  }
  const long chunk = T > 1 ? COLUMNS : p->cols;
  for (long k = 0; k < p->cols; k += chunk) {
    const long end = p->cols - k < chunk ? p->cols : k + chunk;
    for (int i = 0; i < to - r; i += R) {
      tile(type, R, T, p, r + i, 1, p->rows - 1, t, k, end, sums + i);
    }
  }
  for (int i = 0; i < to - r; i++) {
    for (int j = 0; j < T; j++) {
      p->y[(t + j) * p->y_stride + r + i] = fold(sums[i][j]);
    }
  }
}

/* One token. Each stream reads on where it ended, so that what was prefetched behind a row is the next one. */
INLINE void one(const int type, const struct exact *p, int t) {
  for (int r = 0; r < p->rows; r += STREAMS * STRETCH) {
    const int left = p->rows - r;
    const int count = left < STREAMS * STRETCH ? left : STREAMS * STRETCH;
    const int step = (count + STREAMS - 1) / STREAMS;
    const int last = r + count - 1;
    for (int j = 0; j < step; j++) {
      __m512 sums[STREAMS][1];
      for (int i = 0; i < STREAMS; i++) {
        sums[i][0] = _mm512_setzero_ps();
      }
      tile(type, STREAMS, 1, p, r + j, step, last, t, 0, p->cols, sums);
      for (int i = 0; i < STREAMS; i++) {
        const int at = r + j + i * step;
        p->y[t * p->y_stride + (at < last ? at : last)] = fold(sums[i][0]);
      }
    }
  }
}

INLINE void product(const int type, const struct exact *p) {
  if (p->tokens == 1) {
    one(type, p, 0);
    return;
  }
  for (int r = 0; r < p->rows; r += ROWS) {
    const int to = p->rows - r < ROWS ? p->rows : r + ROWS;
    for (int t = 0; t < p->tokens;) {
      switch (p->tokens - t) {
        case 1: rows(type, 8, 1, p, r, to, t); t += 1; break;
        case 2: rows(type, 4, 2, p, r, to, t); t += 2; break;
        case 3: rows(type, 4, 3, p, r, to, t); t += 3; break;
        case 4: case 8: rows(type, 4, 4, p, r, to, t); t += 4; break;
        case 5: rows(type, 4, 5, p, r, to, t); t += 5; break;
        default: rows(type, 4, 6, p, r, to, t); t += 6; break;
      }
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
