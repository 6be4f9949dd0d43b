/* Activations as 8-bit codes, with the results of io.hadal.kernels.BlockInput. */
#include <math.h>

#include "hadal.h"

static const float LEAST = 1e-30f;

/* Codes of one half of a block. */
INLINE __m512i codes(__m512 x, __m512 inverse) {
  return _mm512_cvtps_epi32(_mm512_mul_ps(x, inverse));
}

/* Values beyond the largest finite one, and NaN. */
INLINE int not_finite(__m512 magnitude) {
  return _mm512_cmp_ps_mask(magnitude, _mm512_set1_ps(INFINITY), _CMP_NLT_UQ) != 0;
}

VNNI void quantize_token(
    const float *x, int blocks, const uint8_t *order, long block_bytes, int8_t *to, float *scales,
    int32_t *sums) {
  const __m256i places = _mm256_loadu_si256((const __m256i *) order);
  for (int b = 0; b < blocks; b++, x += 32, to += block_bytes, scales++, sums += 2) {
    const __m512 x0 = _mm512_loadu_ps(x);
    const __m512 x1 = _mm512_loadu_ps(x + 16);
    const __m512 a0 = _mm512_abs_ps(x0);
    const __m512 a1 = _mm512_abs_ps(x1);
    float scale = 0;
    float inverse = 0;
    if (__builtin_expect(not_finite(a0) | not_finite(a1), 0)) {
      scale = NAN;
    } else {
      const float largest = _mm512_reduce_max_ps(_mm512_max_ps(a0, a1));
      if (largest >= LEAST) {
        scale = largest / 127;
        inverse = 127 / largest;
      }
    }
    __m512i c0 = _mm512_setzero_si512();
    __m512i c1 = c0;
    if (inverse != 0) {
      c0 = codes(x0, _mm512_set1_ps(inverse));
      c1 = codes(x1, _mm512_set1_ps(inverse));
    }
    *scales = scale;
    sums[0] = _mm512_reduce_add_epi32(c0);
    sums[1] = _mm512_reduce_add_epi32(c1);
    const __m256i bytes = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm512_cvtepi32_epi8(c0)), _mm512_cvtepi32_epi8(c1), 1);
    _mm256_storeu_si256((__m256i *) to, _mm256_permutexvar_epi8(places, bytes));
  }
}
