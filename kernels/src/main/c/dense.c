/*
 * Dots of f32 rows, in the order of io.hadal.kernels.Kernels: sixteen lanes, each a chain of fused
 * multiply-adds over ascending columns.
 */
#include "hadal.h"

enum {
  ROWS = 24,     /* of a, and */
  OTHERS = 12,   /* of b whose lanes wait between chunks */
  R = 4,         /* rows of a and */
  T = 6,         /* of b side by side */
  COLUMNS = 512  /* of a chunk: those of b stay in the first cache for all of a */
};

INLINE __mmask16 lanes(long n) { return n >= 16 ? 0xffff : n <= 0 ? 0 : (__mmask16) ((1 << n) - 1); }

/* The sixteen lanes of each vector added, upper half to lower half; those of v[i] become lane i. */
INLINE __m512 folded(const __m512 *v) {
  __m512 s[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++) {
    s[i] = _mm512_add_ps(
        _mm512_shuffle_f32x4(v[i], v[i + 8], 0x44), _mm512_shuffle_f32x4(v[i], v[i + 8], 0xee));
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    s[i] = _mm512_add_ps(
        _mm512_shuffle_f32x4(s[i], s[i + 4], 0x88), _mm512_shuffle_f32x4(s[i], s[i + 4], 0xdd));
  }
#pragma GCC unroll 2
  for (int i = 0; i < 2; i++) {
    s[i] = _mm512_add_ps(
        _mm512_shuffle_ps(s[i], s[i + 2], 0x44), _mm512_shuffle_ps(s[i], s[i + 2], 0xee));
  }
  const __m512 mixed =
      _mm512_add_ps(_mm512_shuffle_ps(s[0], s[1], 0x88), _mm512_shuffle_ps(s[0], s[1], 0xdd));
  const __m512i order = _mm512_setr_epi32(0, 2, 1, 3, 8, 10, 9, 11, 4, 6, 5, 7, 12, 14, 13, 15);
  return _mm512_permutexvar_ps(order, mixed);
}

/* Sixteen columns, or those of the mask; other lanes keep what they have, be it NaN. */
INLINE void columns(
    const int t, const int whole, const float *const *a, const float *const *b, long k,
    __mmask16 mask, __m512 (*sum)[t]) {
  __m512 v[R];
#pragma GCC unroll 4
  for (int i = 0; i < R; i++) {
    v[i] = whole ? _mm512_loadu_ps(a[i] + k) : _mm512_maskz_loadu_ps(mask, a[i] + k);
  }
#pragma GCC unroll 6
  for (int j = 0; j < t; j++) {
    const __m512 x = whole ? _mm512_loadu_ps(b[j] + k) : _mm512_maskz_loadu_ps(mask, b[j] + k);
#pragma GCC unroll 4
    for (int i = 0; i < R; i++) {
      sum[i][j] = whole ? _mm512_fmadd_ps(v[i], x, sum[i][j])
                        : _mm512_mask3_fmadd_ps(v[i], x, sum[i][j], mask);
    }
  }
}

/* Columns k to `end` of R rows from i and t rows from j; rows past the last are the last again. */
INLINE void dots_tile(
    const int t, const struct dots *p, int i, int j, long k, long end, __m512 (*lanes_at)[T]) {
  const float *a[R];
  const float *b[T];
  __m512 sum[R][t];
#pragma GCC unroll 4
  for (int x = 0; x < R; x++) {
    a[x] = p->a + (i + x < p->m ? i + x : p->m - 1) * p->a_row;
#pragma GCC unroll 6
    for (int y = 0; y < t; y++) {
      sum[x][y] = k == 0 ? _mm512_setzero_ps() : lanes_at[x][y];
    }
  }
#pragma GCC unroll 6
  for (int y = 0; y < t; y++) {
    b[y] = p->b + (j + y) * p->b_row;
  }
#pragma GCC unroll 1
  for (; k + 16 <= end; k += 16) {
    columns(t, 1, a, b, k, 0xffff, sum);
  }
  if (k < end) {
    columns(t, 0, a, b, k, lanes(end - k), sum);
  }
  if (end < p->k) {
#pragma GCC unroll 4
    for (int x = 0; x < R; x++) {
#pragma GCC unroll 6
      for (int y = 0; y < t; y++) {
        lanes_at[x][y] = sum[x][y];
      }
    }
    return;
  }
  const int rows = p->m - i < R ? p->m - i : R;
#pragma GCC unroll 2
  for (int from = 0; from < t; from += 4) {
    __m512 v[16];
    float out[16];
#pragma GCC unroll 4
    for (int y = 0; y < 4; y++) {
#pragma GCC unroll 4
      for (int x = 0; x < R; x++) {
        v[R * y + x] = from + y < t ? sum[x][from + y] : _mm512_setzero_ps();
      }
    }
    _mm512_storeu_ps(out, folded(v));
    float *to = p->out + i * p->out_a + (j + from) * p->out_b;
    for (int y = 0; y < 4 && from + y < t; y++) {
      for (int x = 0; x < rows; x++) {
        to[x * p->out_a + y * p->out_b] = out[R * y + x];
      }
    }
  }
}

VNNI void dots_product(const struct dots *p) {
  __m512 waiting[ROWS / R][OTHERS / T][R][T];
  for (int i = 0; i < p->m; i += ROWS) {
    const int rows = p->m - i < ROWS ? p->m - i : ROWS;
    for (int j = 0; j < p->n; j += OTHERS) {
      const int others = p->n - j < OTHERS ? p->n - j : OTHERS;
      long k = 0;
      do {
        const long end = p->k - k < COLUMNS ? p->k : k + COLUMNS;
        for (int x = 0; x < rows; x += R) {
          for (int y = 0; y < others; y += T) {
            __m512 (*at)[T] = waiting[x / R][y / T];
            switch (others - y) {
              case 1: dots_tile(1, p, i + x, j + y, k, end, at); break;
              case 2: dots_tile(2, p, i + x, j + y, k, end, at); break;
              case 3: dots_tile(3, p, i + x, j + y, k, end, at); break;
              case 4: dots_tile(4, p, i + x, j + y, k, end, at); break;
              case 5: dots_tile(5, p, i + x, j + y, k, end, at); break;
              default: dots_tile(6, p, i + x, j + y, k, end, at); break;
            }
          }
        }
        k = end;
      } while (k < p->k);
    }
  }
}
