/* Packed codes as bytes, and the scales that belong to them. A 32-bit lane is a row. `L` is a
 * constant wherever these functions are inlined, so that every branch on it goes away. */
#ifndef HADAL_CODES_H
#define HADAL_CODES_H

#include "hadal.h"

INLINE int unit_blocks(const int L) { return L <= IQ4 ? 1 : 8; }

INLINE int header_bytes(const int L) {
  switch (L) {
    case Q4_K: case Q5_K: case Q2_K: return 64;
    case Q6_K: case Q3_K: case IQ4_K: return 32;
    case IQ2_XXS: case IQ2_XS: case IQ3_XXS: return 96;
    default: return 0;
  }
}

INLINE int block_bytes(const int L) {
  switch (L) {
    case E2M1: case IQ4_K: return 272;
    case Q8: return 544;
    case Q4: case IQ4: case Q4_K: return 288;
    case Q4_MIN: return 320;
    case Q5: case Q5_K: return 352;
    case Q5_MIN: return 384;
    case Q6_K: return 416;
    case Q3_K: return 224;
    case Q2_K: return 160;
    case IQ2_XXS: return 128;
    case IQ2_XS: return 144;
    default: return 192;
  }
}

INLINE int code_bytes(const int L) {
  switch (L) {
    case Q8: return 512;
    case Q5: case Q5_MIN: case Q5_K: return 320;
    case Q6_K: return 384;
    case Q3_K: case IQ3_XXS: return 192;
    case Q2_K: case IQ2_XXS: case IQ2_XS: return 128;
    default: return 256;
  }
}

INLINE int unit_bytes(const int L) { return header_bytes(L) + unit_blocks(L) * block_bytes(L); }

/* What unsigned codes are larger than values. */
INLINE int bias(const int L) {
  switch (L) {
    case E2M1: return 12;
    case Q8: return 128;
    case Q4: return 8;
    case Q5: return 16;
    case IQ4: case IQ4_K: return 127;
    case Q6_K: return 32;
    case Q3_K: return 4;
    case IQ2_XXS: case IQ2_XS: return 43;
    case IQ3_XXS: return 62;
    default: return 0;
  }
}

/* Whether columns 0 to 15 and 16 to 31 have scales of their own. */
INLINE int has_halves(const int L) { return L == Q6_K || L == Q3_K || L == Q2_K || L == IQ2_XS; }

/* Whether blocks have integer scales besides the float one. */
INLINE int has_scales(const int L) { return L >= Q4_K; }

INLINE int has_mins(const int L) {
  return L == Q4_MIN || L == Q5_MIN || L == Q4_K || L == Q5_K || L == Q2_K;
}

INLINE __m512i load(const void *p) { return _mm512_loadu_si512(p); }

INLINE __m512i repeat16(__m128i v) { return _mm512_broadcast_i32x4(v); }

/* Tables by low bits of a byte, for vpermb, which looks at six: repeated to 64. */
INLINE __m512i levels(const int L, const int zero) {
  const char z = (char) zero;
#define AT(v) (char) (z + (v))
  switch (L) {
    case E2M1:
      return repeat16(_mm_setr_epi8(AT(0), AT(1), AT(2), AT(3), AT(4), AT(6), AT(8), AT(12), AT(0),
          AT(-1), AT(-2), AT(-3), AT(-4), AT(-6), AT(-8), AT(-12)));
    case IQ4: case IQ4_K:
      return repeat16(_mm_setr_epi8(AT(-127), AT(-104), AT(-83), AT(-65), AT(-49), AT(-35), AT(-22),
          AT(-10), AT(1), AT(13), AT(25), AT(38), AT(53), AT(69), AT(89), AT(113)));
    case IQ2_XXS: case IQ2_XS:
      return repeat16(_mm_setr_epi8(AT(8), AT(25), AT(43), AT(0), AT(-8), AT(-25), AT(-43), AT(0),
          AT(8), AT(25), AT(43), AT(0), AT(-8), AT(-25), AT(-43), AT(0)));
    case IQ3_XXS:
      return repeat16(_mm_setr_epi8(AT(4), AT(12), AT(20), AT(28), AT(36), AT(44), AT(52), AT(62),
          AT(-4), AT(-12), AT(-20), AT(-28), AT(-36), AT(-44), AT(-52), AT(-62)));
    default:
      return _mm512_setzero_si512();
  }
#undef AT
}

/* What the codes of a block are made of once its grid entries are looked up. */
struct planes {
  __m512i low[2];
  __m512i high[2];
  __m512i signs[2];
};

/* 64 look-ups in a table of 256 bytes. */
INLINE __m512i look_up(const uint8_t *table, __m512i index, __mmask64 bit6, __mmask64 bit7) {
  __m512i a = _mm512_permutexvar_epi8(index, load(table));
  __m512i b = _mm512_permutexvar_epi8(index, load(table + 64));
  __m512i c = _mm512_permutexvar_epi8(index, load(table + 128));
  __m512i d = _mm512_permutexvar_epi8(index, load(table + 192));
  a = _mm512_mask_blend_epi8(bit6, a, b);
  c = _mm512_mask_blend_epi8(bit6, c, d);
  return _mm512_mask_blend_epi8(bit7, a, c);
}

INLINE void read_planes(
    const int L, const uint8_t *unit, const uint8_t *p, const int in_unit, const uint8_t *tables,
    struct planes *out) {
  if (L < IQ2_XXS) {
    return;
  }
  for (int w = 0; w < (L == IQ3_XXS ? 2 : 1); w++) {
    __m512i index = load(p + 64 * w);
    __mmask64 bit7 = _mm512_movepi8_mask(index);
    __mmask64 bit6 = _mm512_movepi8_mask(_mm512_add_epi8(index, index));
    if (L == IQ2_XS) {
      __mmask64 bit8 =
          _mm512_test_epi8_mask(load(unit + 32), _mm512_set1_epi8((char) (1 << in_unit)));
      __m512i low = look_up(tables, index, bit6, bit7);
      __m512i high = look_up(tables + 512, index, bit6, bit7);
      out->low[0] = _mm512_mask_blend_epi8(bit8, low, look_up(tables + 256, index, bit6, bit7));
      out->high[0] = _mm512_mask_blend_epi8(bit8, high, look_up(tables + 768, index, bit6, bit7));
    } else {
      out->low[w] = look_up(tables, index, bit6, bit7);
      out->high[w] = look_up(tables + 256, index, bit6, bit7);
    }
  }
  if (L == IQ3_XXS) {
    /* Four sign bits for each byte of index. */
    __m512i signs = load(p + 128);
    __m512i at = _mm512_set1_epi64(0x2c2824200c080400);
    out->signs[0] = _mm512_multishift_epi64_epi8(at, signs);
    out->signs[1] =
        _mm512_multishift_epi64_epi8(_mm512_add_epi8(at, _mm512_set1_epi8(16)), signs);
  } else {
    out->signs[0] = load(p + 64);
  }
}

INLINE __m512i shift_right(__m512i v, const int n) {
  return n > 0 ? _mm512_srli_epi32(v, n) : n < 0 ? _mm512_slli_epi32(v, -n) : v;
}

/* mask ? a : b */
INLINE __m512i choose(__m512i mask, __m512i a, __m512i b) {
  return _mm512_ternarylogic_epi32(mask, a, b, 0xca);
}

INLINE __m512i eighth(const struct planes *g, int j, __m512i lut) {
  __m512i code = shift_right(j < 4 ? g->low[0] : g->high[0], 2 * (j & 3));
  __m512i sign = shift_right(g->signs[0], j - 2);
  __m512i index = choose(_mm512_set1_epi8(3), code, sign);
  return _mm512_permutexvar_epi8(index, lut);
}

/*
 * Codes i of 8 of a block as bytes, four columns of each row: the value plus `zero` where there is a
 * table, else the code. The columns follow the layout's order of activations.
 */
INLINE __m512i raw_code(
    const int L, const uint8_t *p, const struct planes *g, const int i, __m512i lut) {
  const int t = i >> 1;
  const int odd = i & 1;
  switch (L) {
    case Q8:
      return load(p + 64 * i);
    case Q2_K:
    case Q3_K: {
      __m512i v = shift_right(load(p + 64 * (t >> 1)), 4 * (t & 1) + 2 * odd);
      if (L == Q2_K) {
        return _mm512_and_si512(v, _mm512_set1_epi8(3));
      }
      __m512i third = shift_right(load(p + 128), i - 2);
      return _mm512_and_si512(choose(_mm512_set1_epi8(3), v, third), _mm512_set1_epi8(7));
    }
    case IQ2_XXS:
      return eighth(g, i, lut);
    case IQ2_XS: {
      const int j = 2 * (i & 3);
      __m512i a = eighth(g, j, lut);
      __m512i b = eighth(g, j + 1, lut);
      __mmask32 upper = 0xaaaaaaaa;
      return i < 4 ? _mm512_mask_blend_epi16(upper, a, _mm512_slli_epi32(b, 16))
                   : _mm512_mask_blend_epi16(upper, _mm512_srli_epi32(a, 16), b);
    }
    case IQ3_XXS: {
      const int j = i & 3;
      __m512i code = shift_right(j < 2 ? g->low[i >> 2] : g->high[i >> 2], 3 * (j & 1));
      __m512i sign = shift_right(g->signs[i >> 2], j - 3);
      return _mm512_permutexvar_epi8(choose(_mm512_set1_epi8(7), code, sign), lut);
    }
    default: {
      __m512i v = shift_right(load(p + 64 * t), 4 * odd);
      if (L == E2M1 || L == IQ4 || L == IQ4_K) {
        return _mm512_permutexvar_epi8(v, lut);
      }
      __m512i nibble = _mm512_set1_epi8(15);
      if (L == Q5 || L == Q5_MIN || L == Q5_K) {
        __m512i fifth = shift_right(load(p + 256), i - 4);
        return _mm512_and_si512(choose(nibble, v, fifth), _mm512_set1_epi8(31));
      }
      if (L == Q6_K) {
        __m512i high = shift_right(load(p + 256 + 64 * (t >> 1)), 4 * (t & 1) + 2 * odd - 4);
        return _mm512_and_si512(choose(nibble, v, high), _mm512_set1_epi8(63));
      }
      return _mm512_and_si512(v, nibble);
    }
  }
}

INLINE int has_table(const int L) {
  return L == E2M1 || L == IQ4 || L == IQ4_K || L >= IQ2_XXS;
}

/* Value plus bias, 0 to 255. */
INLINE __m512i unsigned_code(
    const int L, const uint8_t *p, const struct planes *g, const int i, __m512i lut) {
  __m512i c = raw_code(L, p, g, i, lut);
  return L == Q8 ? _mm512_xor_si512(c, _mm512_set1_epi8((char) 0x80)) : c;
}

INLINE __m512i signed_code(
    const int L, const uint8_t *p, const struct planes *g, const int i, __m512i lut) {
  __m512i c = raw_code(L, p, g, i, lut);
  return L == Q8 || has_table(L) || bias(L) == 0
             ? c : _mm512_sub_epi8(c, _mm512_set1_epi8((char) bias(L)));
}

/* f16; what has no finite value goes on above 65504. */
INLINE __m512 half(const uint8_t *p) {
  __m256i h = _mm256_loadu_si256((const __m256i *) p);
  __m256i top = _mm256_set1_epi16(0x7c00);
  __m512 f = _mm512_cvtph_ps(h);
  __mmask16 not_finite = _mm256_cmpeq_epi16_mask(_mm256_and_si256(h, top), top);
  if (__builtin_expect(not_finite, 0)) {
    __m512i w = _mm512_cvtepu16_epi32(h);
    __m512i magnitude = _mm512_slli_epi32(_mm512_and_si512(w, _mm512_set1_epi32(0x7fff)), 13);
    magnitude = _mm512_add_epi32(magnitude, _mm512_set1_epi32(112 << 23));
    __m512i sign = _mm512_slli_epi32(_mm512_and_si512(w, _mm512_set1_epi32(0x8000)), 16);
    f = _mm512_mask_mov_ps(f, not_finite, _mm512_castsi512_ps(_mm512_or_si512(magnitude, sign)));
  }
  return f;
}

/* Scales of a block's sixteen rows; those that a layout has not are not read. */
struct scales {
  __m512 d;
  __m512 dmin;
  __m512 s[2];
  __m512 m[2];
};

INLINE __m128i bytes16(const uint8_t *p) { return _mm_loadu_si128((const __m128i *) p); }

INLINE __m512 signed_bytes(__m128i v) { return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(v)); }

INLINE __m128i nibbles(__m128i v, const int shift) {
  __m128i n = shift ? _mm_srli_epi16(v, 4) : v;
  return _mm_and_si128(n, _mm_set1_epi8(15));
}

INLINE __m512 odd_scale(__m128i nibble) {
  return signed_bytes(_mm_add_epi8(_mm_add_epi8(nibble, nibble), _mm_set1_epi8(1)));
}

/* What a unit of 256 columns has once. */
INLINE void unit_scales(const int L, const uint8_t *unit, struct scales *out) {
  if (unit_blocks(L) == 1) {
    return;
  }
  out->d = half(unit);
  if (L == IQ2_XXS || L == IQ2_XS) {
    out->d = _mm512_mul_ps(out->d, _mm512_set1_ps(0.125f));
  } else if (L == IQ3_XXS) {
    out->d = _mm512_mul_ps(out->d, _mm512_set1_ps(0.25f));
  }
  if (has_mins(L)) {
    out->dmin = half(unit + 32);
  }
}

INLINE void block_scales(
    const int L, const uint8_t *unit, const uint8_t *block, const int in_unit, struct scales *out) {
  const uint8_t *p = block + code_bytes(L);
  switch (L) {
    case E2M1: {
      /* Half the scale; below 2^-126 it is 0. */
      __m128i e = _mm_subs_epu8(bytes16(p), _mm_set1_epi8(1));
      out->d = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu8_epi32(e), 23));
      break;
    }
    case Q4_MIN: case Q5_MIN:
      out->dmin = half(p + 32);
      out->d = half(p);
      break;
    case Q8: case Q4: case Q5: case IQ4:
      out->d = half(p);
      break;
    case Q4_K: case Q5_K:
      out->s[0] = signed_bytes(bytes16(p));
      out->m[0] = signed_bytes(bytes16(p + 16));
      break;
    case Q6_K: case Q3_K:
      out->s[0] = signed_bytes(bytes16(p));
      out->s[1] = signed_bytes(bytes16(p + 16));
      break;
    case Q2_K:
      for (int h = 0; h < 2; h++) {
        __m128i v = bytes16(p + 16 * h);
        out->s[h] = signed_bytes(nibbles(v, 0));
        out->m[h] = signed_bytes(nibbles(v, 4));
      }
      break;
    case IQ4_K:
      out->s[0] = signed_bytes(bytes16(p));
      break;
    case IQ2_XXS: case IQ3_XXS: {
      __m128i v = bytes16(unit + 32 + 16 * (in_unit >> 1));
      out->s[0] = odd_scale(nibbles(v, 4 * (in_unit & 1)));
      break;
    }
    case IQ2_XS:
      out->s[0] = odd_scale(nibbles(bytes16(p), 0));
      out->s[1] = odd_scale(nibbles(bytes16(p), 4));
      break;
    default:
      break;
  }
}

/*
 * Adds a block to y. Integers below 2^24 are exact as f32, so are their products with scales.
 *
 * scaled: sums have the integer scales already
 * less: negative sums of activations, of the halves or of the block
 */
INLINE __m512 add_block(
    const int L, const int scaled, __m512 y, __m512 sum0, __m512 sum1, const struct scales *s, __m512 dx,
    __m512 less0, __m512 less1) {
  __m512 sum = sum0;
  if (scaled) {
    /* One sum. */
  } else if (has_halves(L)) {
    sum = _mm512_fmadd_ps(sum1, s->s[1], _mm512_mul_ps(sum0, s->s[0]));
  } else if (has_scales(L)) {
    sum = _mm512_mul_ps(sum0, s->s[0]);
  }
  y = _mm512_fmadd_ps(sum, _mm512_mul_ps(s->d, dx), y);
  if (has_mins(L)) {
    __m512 mins = less0;
    if (has_halves(L)) {
      mins = _mm512_fmadd_ps(s->m[1], less1, _mm512_mul_ps(s->m[0], less0));
    } else if (has_scales(L)) {
      mins = _mm512_mul_ps(s->m[0], less0);
    }
    y = _mm512_fmadd_ps(mins, _mm512_mul_ps(s->dmin, dx), y);
  }
  return y;
}

#endif
