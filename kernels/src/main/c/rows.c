/* Few tokens: weights are decoded in registers and multiplied with broadcast activations. */
#include "codes.h"

#ifndef AHEAD
#define AHEAD 4096 /* bytes between a read and its prefetch */
#endif

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

INLINE void group_rows(
    const int L, const int T, const struct product *p, const uint8_t *w, int from, const int32_t *start,
    const float *less, __m512 *y) {
  const __m512i lut = levels(L, bias(L));
  const int blocks = p->blocks;
  const int8_t *x = p->x + (long) from * blocks * 32;
  const float *dx = p->dx + (long) from * blocks;
  struct scales s;
  for (int t = 0; t < T; t++) {
    y[t] = _mm512_setzero_ps();
  }
  for (int b = 0; b < blocks;) {
    const uint8_t *unit = w;
    unit_scales(L, unit, &s);
    w += header_bytes(L);
#pragma GCC unroll 1
    for (int in_unit = 0; in_unit < unit_blocks(L); in_unit++, b++, w += block_bytes(L)) {
      for (int line = 0; line < block_bytes(L); line += 64) {
        _mm_prefetch((const char *) w + AHEAD + line, _MM_HINT_T0);
      }
      struct planes g;
      read_planes(L, w, p->tables, &g);
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
          __m512i v = _mm512_set1_epi32(*(const int32_t *) (x + 32 * ((long) t * blocks + b) + 4 * i));
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
        y[t] = add_block(
            L, y[t], _mm512_cvtepi32_ps(sum0[t]), _mm512_cvtepi32_ps(sum1[t]), &s,
            _mm512_set1_ps(dx[at]), _mm512_set1_ps(less[2 * at]), _mm512_set1_ps(less[2 * at + 1]));
      }
    }
  }
}

INLINE void tokens_rows(const int L, const int T, const struct product *p, int from) {
  int32_t *start = (int32_t *) p->scratch;
  float *less = (float *) (start + 2 * T * p->blocks);
  prepare_sums(L, p, from, T, start, less);
  for (int r = 0; r < p->rows; r += 16) {
    __m512 y[T];
    group_rows(L, T, p, p->w + (r / 16) * p->group_bytes, from, start, less, y);
    const int count = p->rows - r;
    const __mmask16 mask = count >= 16 ? 0xffff : (__mmask16) ((1 << count) - 1);
    for (int t = 0; t < T; t++) {
      _mm512_mask_storeu_ps(p->y + (from + t) * p->y_stride + r, mask, y[t]);
    }
  }
}

INLINE void layout_rows(const int L, const struct product *p) {
  int t = 0;
  for (; t + 4 <= p->tokens; t += 4) {
    tokens_rows(L, 4, p, t);
  }
  switch (p->tokens - t) {
    case 3: tokens_rows(L, 3, p, t); break;
    case 2: tokens_rows(L, 2, p, t); break;
    case 1: tokens_rows(L, 1, p, t); break;
    default: break;
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
