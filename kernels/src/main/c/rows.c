/* Few tokens: weights are decoded in registers and multiplied with broadcast activations. */
#include "codes.h"

enum {
  AHEAD = 2048, /* bytes between a read and its prefetch */
  SIDE = 4,     /* groups in turn: one stream of memory alone is slower */
  STRETCH = 8   /* blocks of a turn */
};

/* Sums of activations as the kernels want them, [tokens][blocks][2]. */
INLINE void prepare_sums(const int L, const struct product *p, int from, int tokens, int32_t *start, float *less) {
  const int32_t *sums = p->sums + (long) from * p->blocks * 2;
  const int n = tokens * p->blocks * 2;
  const int b = bias(L);
  if (has_halves(L)) {
    for (int i = 0; i < n; i++) {
      start[i] = -b * sums[i];
      less[i] = (float) -sums[i];
    }
  } else {
    for (int i = 0; i < n; i += 2) {
      int32_t sum = sums[i] + sums[i + 1];
      start[i] = -b * sum;
      start[i + 1] = 0;
      less[i] = (float) -sum;
      less[i + 1] = 0;
    }
  }
}

/* Adds blocks `b` to `end` of a group, the first the first of a unit, to y[T]. */
INLINE void stretch(
    const int L, const int T, const struct product *p, const uint8_t *w, int b, int end,
    const int8_t *x, long x_token, const float *dx, const int32_t *start, const float *less, __m512 *y) {
  const __m512i lut = levels(L, bias(L));
  const int blocks = p->blocks;
  const uint8_t *unit = w;
  struct scales s;
  __m512 sum[T];
  for (int t = 0; t < T; t++) {
    sum[t] = y[t];
  }
  unit_scales(L, unit, &s);
  w += header_bytes(L);
#pragma GCC unroll 1
  for (int in_unit = 0; b < end; in_unit++, b++, w += block_bytes(L)) {
    for (int line = 0; line < block_bytes(L); line += 64) {
      _mm_prefetch((const char *) w + AHEAD + line, _MM_HINT_T0);
    }
    const int8_t *xb = x + (long) b * 32 * p->height;
    struct planes g;
    read_planes(L, unit, w, in_unit, p->tables, &g);
    __m512i sum0[T];
    __m512i sum1[T];
    for (int t = 0; t < T; t++) {
      const int at = 2 * (t * blocks + b);
      sum0[t] = _mm512_set1_epi32(start[at]);
      sum1[t] = has_halves(L) ? _mm512_set1_epi32(start[at + 1]) : _mm512_setzero_si512();
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
      __m512i c = unsigned_code(L, w, &g, i, lut);
#pragma GCC unroll 4
      for (int t = 0; t < T; t++) {
        __m512i v = _mm512_set1_epi32(*(const int32_t *) (xb + t * x_token + 4 * i));
        if (i < 4) {
          sum0[t] = _mm512_dpbusd_epi32(sum0[t], c, v);
        } else {
          sum1[t] = _mm512_dpbusd_epi32(sum1[t], c, v);
        }
      }
    }
    block_scales(L, unit, w, in_unit, &s);
#pragma GCC unroll 4
    for (int t = 0; t < T; t++) {
      const int at = t * blocks + b;
      if (!has_halves(L)) {
        sum0[t] = _mm512_add_epi32(sum0[t], sum1[t]);
      }
      sum[t] = add_block(
          L, 0, sum[t], _mm512_cvtepi32_ps(sum0[t]), _mm512_cvtepi32_ps(sum1[t]), &s,
          _mm512_set1_ps(dx[at]), _mm512_set1_ps(less[2 * at]), _mm512_set1_ps(less[2 * at + 1]));
    }
  }
  for (int t = 0; t < T; t++) {
    y[t] = sum[t];
  }
}

INLINE void tokens_rows(const int L, const int T, const struct product *p, int from) {
  int32_t *start = (int32_t *) p->scratch;
  float *less = (float *) (start + 2 * T * p->blocks);
  prepare_sums(L, p, from, T, start, less);
  const int8_t *x = token_codes(p, from);
  const long x_token = p->height > 1 ? 32 : 32L * p->blocks;
  const float *dx = p->dx + (long) from * p->blocks;
  for (int r = 0; r < p->rows; r += 16 * SIDE) {
    const int left = (p->rows - r + 15) / 16;
    const int groups = left < SIDE ? left : SIDE;
    const uint8_t *w = p->w + (r / 16) * p->group_bytes;
    __m512 y[SIDE][T];
    for (int g = 0; g < groups; g++) {
      for (int t = 0; t < T; t++) {
        y[g][t] = _mm512_setzero_ps();
      }
    }
    for (int b = 0; b < p->blocks; b += STRETCH) {
      const int end = p->blocks - b < STRETCH ? p->blocks : b + STRETCH;
#pragma GCC unroll 1
      for (int g = 0; g < groups; g++) {
        stretch(L, T, p, w + g * p->group_bytes, b, end, x, x_token, dx, start, less, y[g]);
      }
      w += STRETCH / unit_blocks(L) * unit_bytes(L);
    }
    for (int g = 0; g < groups; g++) {
      const int count = p->rows - r - 16 * g;
      const __mmask16 mask = count >= 16 ? 0xffff : (__mmask16) ((1 << count) - 1);
      for (int t = 0; t < T; t++) {
        _mm512_mask_storeu_ps(p->y + (from + t) * p->y_stride + r + 16 * g, mask, y[g][t]);
      }
    }
  }
}

INLINE void layout_rows(const int L, const struct product *p) {
  for (int t = 0; t < p->tokens;) {
    int count = p->tokens - t;
    if (p->height > 1) {
      /* Not across the end of tokens that lie side by side. */
      const int left = p->height - (p->first + t) % p->height;
      count = count < left ? count : left;
    }
    switch (count) {
      case 3: tokens_rows(L, 3, p, t); t += 3; break;
      case 2: tokens_rows(L, 2, p, t); t += 2; break;
      case 1: tokens_rows(L, 1, p, t); t += 1; break;
      default: tokens_rows(L, 4, p, t); t += 4; break;
    }
  }
}

#define ROWS(L) \
  static VNNI __attribute__((noinline)) void rows_##L(const struct product *p) { layout_rows(L, p); }
ROWS(E2M1) ROWS(Q8) ROWS(Q4) ROWS(Q4_MIN) ROWS(Q5) ROWS(Q5_MIN) ROWS(IQ4) ROWS(Q4_K)
ROWS(Q5_K) ROWS(Q6_K) ROWS(Q3_K) ROWS(Q2_K) ROWS(IQ4_K) ROWS(IQ2_XXS) ROWS(IQ2_XS) ROWS(IQ3_XXS)

void rows_product(const struct product *p) {
  switch (p->layout) {
#define CASE(L) case L: rows_##L(p); break;
    CASE(E2M1) CASE(Q8) CASE(Q4) CASE(Q4_MIN) CASE(Q5) CASE(Q5_MIN) CASE(IQ4) CASE(Q4_K)
    CASE(Q5_K) CASE(Q6_K) CASE(Q3_K) CASE(Q2_K) CASE(IQ4_K) CASE(IQ2_XXS) CASE(IQ2_XS) CASE(IQ3_XXS)
#undef CASE
    default: break;
  }
}
