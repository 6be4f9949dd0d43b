/* Many tokens: weights are expanded to bytes once and multiplied by AMX tiles of 16 x 16. */
#include "codes.h"

#define AMX \
  __attribute__((target( \
      "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512vbmi,avx2,fma,f16c,bmi2,amx-tile,amx-int8")))

enum {
  /* Blocks that are expanded together, and groups in turn: all that a chunk needs, the tokens too, stays
   * in the first cache. */
  CHUNK = 8,
  SIDE = 4,
  NEAR = 1024, /* bytes between a read and its prefetch to the first cache */
  STEP = 4,    /* blocks between tiles and sums */
  VECTORS = 6, /* of scales of a block: d, dmin, s0, s1, m0, m1 */
  TILE = 1024  /* bytes of sums of 16 tokens and 16 rows */
};

struct panel {
  int8_t codes[CHUNK][512];
  float scales[CHUNK][VECTORS][16];
  int32_t sums[2 * STEP][2][16][16];
};

/* Tiles: sums 0 to 2, tokens 3, weights 4; of fewer than 16 tokens sums 5 and 6, tokens 7. */
static AMX void configure(int width, int few_tokens) {
  struct tile_config c = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    c.rows[i] = (uint8_t) (i == 4 ? width / 4 : i >= 5 ? few_tokens : 16);
    c.bytes[i] = (uint16_t) (i == 3 || i == 7 ? width : 64);
  }
  _tile_loadconfig(&c);
}

/* Whether scale * value fits a byte; -scale * value for Q3_K, where d is negative instead. */
INLINE int scaled_codes(const int L) { return L == Q2_K || L == Q3_K; }

/* Whether halves of blocks have sums of their own. */
INLINE int half_sums(const int L) { return has_halves(L) && !scaled_codes(L); }

/*
 * Bits of 1.5 * 2^23: adding an integer below 2^22 to them adds it to the value. Sums that begin so
 * are converted and scaled by one multiply-add.
 */
static const int32_t MAGIC[16] __attribute__((aligned(64))) = {
  0x4b400000, 0x4b400000, 0x4b400000, 0x4b400000, 0x4b400000, 0x4b400000, 0x4b400000, 0x4b400000,
  0x4b400000, 0x4b400000, 0x4b400000, 0x4b400000, 0x4b400000, 0x4b400000, 0x4b400000, 0x4b400000,
};
static const float MAGIC_VALUE = 12582912;

INLINE int has_magic(const int L) { return has_scales(L) && !has_halves(L); }

/* Codes times scales, as bytes. */
INLINE __m512i scaled(const int L, __m512i codes, __m512 scale) {
  __m512i s = _mm512_cvtps_epi32(scale);
  if (L == Q3_K) {
    s = _mm512_sub_epi32(_mm512_setzero_si512(), s);
  }
  s = _mm512_or_si512(_mm512_and_si512(s, _mm512_set1_epi32(0xffff)), _mm512_slli_epi32(s, 16));
  __m512i even = _mm512_mullo_epi16(codes, s);
  if (L == Q2_K) {
    /* No product is above 255, so the low byte's does not reach the high byte. */
    return even;
  }
  __m512i upper = _mm512_set1_epi16((short) 0xff00);
  return choose(upper, _mm512_mullo_epi16(_mm512_and_si512(codes, upper), s), even);
}

INLINE void expand(
    const int L, const uint8_t *group, int from, int count, const uint8_t *tables,
    struct panel *out) {
  const __m512i lut = levels(L, 0);
  struct scales s;
  const uint8_t *unit = group + (long) (from / unit_blocks(L)) * unit_bytes(L);
  for (int b = 0; b < count; unit += unit_bytes(L)) {
    unit_scales(L, unit, &s);
    const uint8_t *w = unit + header_bytes(L);
#pragma GCC unroll 1
    for (int in_unit = 0; in_unit < unit_blocks(L); in_unit++, b++, w += block_bytes(L)) {
      for (int line = 0; line < block_bytes(L); line += 64) {
        _mm_prefetch((const char *) w + NEAR + line, _MM_HINT_T0);
      }
      struct planes g;
      read_planes(L, unit, w, in_unit, tables, &g);
      block_scales(L, unit, w, in_unit, &s);
#pragma GCC unroll 8
      for (int i = 0; i < 8; i++) {
        __m512i c = signed_code(L, w, &g, i, lut);
        _mm512_store_si512(
            out->codes[b] + 64 * i, scaled_codes(L) ? scaled(L, c, s.s[i >> 2]) : c);
      }
      const __m512 d = L == Q3_K ? _mm512_sub_ps(_mm512_set1_ps(-0.0f), s.d) : s.d;
      _mm512_store_ps(out->scales[b][0], d);
      if (has_mins(L)) {
        _mm512_store_ps(out->scales[b][1], s.dmin);
      }
      if (has_scales(L)) {
        _mm512_store_ps(out->scales[b][2], s.s[0]);
        if (half_sums(L)) {
          _mm512_store_ps(out->scales[b][3], s.s[1]);
        }
        if (has_mins(L)) {
          _mm512_store_ps(out->scales[b][4], s.m[0]);
          if (has_halves(L)) {
            _mm512_store_ps(out->scales[b][5], s.m[1]);
          }
        }
      }
    }
  }
}

/* Sums begin with 0, or with MAGIC everywhere. */
#define BEGIN(C) \
  do { \
    if (magic) { \
      _tile_loadd(C, MAGIC, 0); \
    } else { \
      _tile_zero(C); \
    } \
  } while (0)

#define BLOCK(C, A, Q) \
  do { \
    BEGIN(C); \
    _tile_loadd(A, x + 512 * (Q), 32); \
    _tile_loadd(4, codes + 512 * (Q), 64); \
    _tile_dpbssd(C, A, 4); \
    _tile_stored(C, sums + 512 * (Q), 64); \
  } while (0)

#define HALF_BLOCK(C, A, Q, H) \
  do { \
    BEGIN(C); \
    _tile_loadd(A, x + 512 * (Q) + 16 * (H), 32); \
    _tile_loadd(4, codes + 512 * (Q) + 256 * (H), 64); \
    _tile_dpbssd(C, A, 4); \
    _tile_stored(C, sums + 512 * (Q) + 256 * (H), 64); \
  } while (0)

static inline AMX __attribute__((always_inline)) void full_tiles(
    const int halves, const int magic, int count, const int8_t *x, const int8_t *codes, int32_t *sums) {
  if (halves) {
    for (int q = 0; q < count; q++) {
      HALF_BLOCK(0, 3, q, 0);
      HALF_BLOCK(1, 3, q, 1);
    }
  } else if (count == STEP) {
    BLOCK(0, 3, 0);
    BLOCK(1, 3, 1);
    BLOCK(2, 3, 2);
    BLOCK(0, 3, 3);
  } else {
    for (int q = 0; q < count; q++) {
      BLOCK(0, 3, q);
    }
  }
}

static inline AMX __attribute__((always_inline)) void few_tiles(
    const int halves, const int magic, int count, const int8_t *x, const int8_t *codes, int32_t *sums) {
  for (int q = 0; q < count; q++) {
    if (halves) {
      HALF_BLOCK(5, 7, q, 0);
      HALF_BLOCK(6, 7, q, 1);
    } else {
      BLOCK(5, 7, q);
    }
  }
}

/* Adds the sums of up to STEP blocks, in their order, to the outputs of n tokens. */
INLINE void add_sums(
    const int L, const int count, int n, int32_t (*sums)[2][16][16], float (*scales)[VECTORS][16],
    const float *dx, int blocks, const float *less, float (*y)[16]) {
  struct scales s[STEP];
  __m512 less_magic[STEP];
#pragma GCC unroll 4
  for (int q = 0; q < count; q++) {
    s[q].d = _mm512_load_ps(scales[q][0]);
    s[q].dmin = _mm512_load_ps(scales[q][1]);
    for (int h = 0; h < 2; h++) {
      s[q].s[h] = _mm512_load_ps(scales[q][2 + h]);
      s[q].m[h] = _mm512_load_ps(scales[q][4 + h]);
    }
    less_magic[q] = _mm512_mul_ps(s[q].s[0], _mm512_set1_ps(-MAGIC_VALUE));
  }
  for (int t = 0; t < n; t++, dx += blocks, less += 2 * blocks) {
    __m512 sum = _mm512_load_ps(y[t]);
#pragma GCC unroll 4
    for (int q = 0; q < count; q++) {
      __m512 sum0 = has_magic(L)
                        ? _mm512_fmadd_ps(_mm512_load_ps(sums[q][0][t]), s[q].s[0], less_magic[q])
                        : _mm512_cvtepi32_ps(load(sums[q][0][t]));
      __m512 sum1 = half_sums(L) ? _mm512_cvtepi32_ps(load(sums[q][1][t])) : sum0;
      __m512 less0 = has_mins(L) ? _mm512_set1_ps(less[2 * q]) : sum0;
      __m512 less1 = has_mins(L) ? _mm512_set1_ps(less[2 * q + 1]) : sum0;
      sum = add_block(L, scaled_codes(L) || has_magic(L), sum, sum0, sum1, &s[q], _mm512_set1_ps(dx[q]), less0, less1);
    }
    _mm512_store_ps(y[t], sum);
  }
}

INLINE void negative_sums(const int L, const struct product *p, float *less) {
  const int n = 2 * p->tokens * p->blocks;
  for (int i = 0; i < n; i += 2) {
    if (has_halves(L)) {
      less[i] = (float) -p->sums[i];
      less[i + 1] = (float) -p->sums[i + 1];
    } else {
      less[i] = (float) -(p->sums[i] + p->sums[i + 1]);
      less[i + 1] = 0;
    }
  }
}

static inline AMX __attribute__((always_inline)) void step_tiles(
    const int L, struct panel *panel, const int8_t *x, int b, int count, int n) {
  const int step = count - b < STEP ? count - b : STEP;
  int32_t *sums = panel->sums[b & STEP][0][0];
  if (n == 16) {
    full_tiles(half_sums(L), has_magic(L), step, x + 512 * b, panel->codes[b], sums);
  } else {
    few_tiles(half_sums(L), has_magic(L), step, x + 512 * b, panel->codes[b], sums);
  }
}

/* A chunk of blocks of n tokens from token t; meanwhile weights from `next` on are fetched, if any. */
static inline AMX __attribute__((always_inline)) void chunk_tiles(
    const int L, const struct product *p, struct panel *panel, const float *less, int from, int count,
    int t, int n, const uint8_t *next, float (*y)[16]) {
  const int blocks = p->blocks;
  const int8_t *x = token_codes(p, t) + 512L * from;
  step_tiles(L, panel, x, 0, count, n);
  for (int b = 0; b < count; b += STEP) {
    /* The next step's tiles are at work while this step's sums are added. */
    if (b + STEP < count) {
      step_tiles(L, panel, x, b + STEP, count, n);
    }
    for (int line = 0; next && line < STEP * block_bytes(L); line += 64) {
      _mm_prefetch((const char *) next + b * block_bytes(L) + line, _MM_HINT_T1);
    }
    int32_t (*sums)[2][16][16] = panel->sums + (b & STEP);
    const long at = (long) t * blocks + from + b;
    if (b + STEP <= count) {
      add_sums(
          L, STEP, n, sums, panel->scales + b, p->dx + at, blocks, less + 2 * at, y);
    } else {
      for (int q = 0; q < count - b; q++) {
        add_sums(L, 1, n, sums + q, panel->scales + b + q, p->dx + at + q, blocks,
            less + 2 * (at + q), y);
      }
    }
  }
}

static inline AMX __attribute__((always_inline)) void layout_tiles(
    const int L, const struct product *p) {
  struct panel *panel = (struct panel *) p->scratch;
  float (*y)[16] = (float (*)[16]) (panel + 1);
  float *less = y[SIDE * p->tokens];
  const int blocks = p->blocks;
  int configured = 0;
  if (has_mins(L)) {
    negative_sums(L, p, less);
  }
  for (int r = 0; r < p->rows; r += 16 * SIDE) {
    const int left = (p->rows - r + 15) / 16;
    const int groups = left < SIDE ? left : SIDE;
    const uint8_t *w = p->w + (r / 16) * p->group_bytes;
    for (int i = 0; i < groups * p->tokens; i++) {
      _mm512_store_ps(y[i], _mm512_setzero_ps());
    }
    for (int from = 0; from < blocks; from += CHUNK) {
      const int count = blocks - from < CHUNK ? blocks - from : CHUNK;
      for (int g = 0; g < groups; g++) {
        const uint8_t *group = w + g * p->group_bytes;
        expand(L, group, from, count, p->tables, panel);
        const uint8_t *next = group + (long) ((from + count) / unit_blocks(L)) * unit_bytes(L);
        for (int t = 0; t < p->tokens;) {
          /* Tokens that lie side by side: fewer than 16 at the ends only. */
          const int together = 16 - ((p->first + t) & 15);
          const int n = p->tokens - t < together ? p->tokens - t : together;
          if (configured != n && (n < 16 || !configured)) {
            configure(half_sums(L) ? 16 : 32, n);
            configured = n;
          }
          chunk_tiles(
              L, p, panel, less, from, count, t, n, t ? 0 : next, y + g * p->tokens + t);
          t += n;
        }
      }
    }
    for (int g = 0; g < groups; g++) {
      const int rows = p->rows - r - 16 * g;
      const __mmask16 mask = rows >= 16 ? 0xffff : (__mmask16) ((1 << rows) - 1);
      for (int t = 0; t < p->tokens; t++) {
        _mm512_mask_storeu_ps(
            p->y + t * p->y_stride + r + 16 * g, mask, _mm512_load_ps(y[g * p->tokens + t]));
      }
    }
  }
  _tile_release();
}

#define TILES(L) \
  static AMX __attribute__((noinline)) void tiles_##L(const struct product *p) { layout_tiles(L, p); }
TILES(E2M1) TILES(Q8) TILES(Q4) TILES(Q4_MIN) TILES(Q5) TILES(Q5_MIN) TILES(IQ4) TILES(Q4_K)
TILES(Q5_K) TILES(Q6_K) TILES(Q3_K) TILES(Q2_K) TILES(IQ4_K) TILES(IQ2_XXS) TILES(IQ2_XS) TILES(IQ3_XXS)

long tile_scratch(int blocks, int tokens) {
  return (long) sizeof(struct panel) + 64L * SIDE * tokens + 8L * blocks * tokens;
}

void tile_product(const struct product *p) {
  switch (p->layout) {
#define CASE(L) case L: tiles_##L(p); break;
    CASE(E2M1) CASE(Q8) CASE(Q4) CASE(Q4_MIN) CASE(Q5) CASE(Q5_MIN) CASE(IQ4) CASE(Q4_K)
    CASE(Q5_K) CASE(Q6_K) CASE(Q3_K) CASE(Q2_K) CASE(IQ4_K) CASE(IQ2_XXS) CASE(IQ2_XS) CASE(IQ3_XXS)
#undef CASE
    default: break;
  }
}
