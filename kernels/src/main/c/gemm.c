/*
 * Products of f32 matrices whose elements are rounded to bf16, for training; io.hadal.kernels.Gemm
 * defines the order of additions.
 */
#include "hadal.h"

#define BF16 \
  __attribute__((target( \
      "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma,bmi2,amx-tile,amx-bf16")))
#define BF16_INLINE static inline BF16 __attribute__((always_inline))

enum {
  STEP = 32,                   /* columns of A that a tile takes */
  STEPS = GEMM_DEPTH / STEP,
  COLS = 512,                  /* of a packed block of B */
  PAIR = 32                    /* rows and columns of a step over C: two tiles each */
};

/* Sixteen rows of A, or columns of B, for a step. */
typedef uint16_t tile_data[16][STEP];

/* Panels lie one behind the other, [panel][steps]; the second cache level holds them. */
struct gemm_memory {
  tile_data a[2 * STEPS];
  tile_data b[COLS / 16 * STEPS];
  float c[PAIR][PAIR];
};

long gemm_scratch(void) { return (long) sizeof(struct gemm_memory); }

BF16_INLINE void configure(void) {
  struct tile_config c = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    c.rows[i] = 16;
    c.bytes[i] = 64;
  }
  _tile_loadconfig(&c);
}

/* Of the first n of sixteen lanes. */
BF16_INLINE __mmask16 lanes(int n) {
  return n >= 16 ? 0xffff : n <= 0 ? 0 : (__mmask16) ((1 << n) - 1);
}

/* Nearest bf16 values, ties to even; first those of `low`. */
BF16_INLINE __m512i rounded(__m512 low, __m512 high) {
  return (__m512i) _mm512_cvtne2ps_pbh(high, low);
}

/* out[i] = lane i of all sixteen vectors. */
BF16_INLINE void transpose(__m512i *v) {
  __m512i t[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    v[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    v[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    v[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    v[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0xdd);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    v[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    v[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    v[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
    v[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
  }
}

/*
 * Vectors of a step of sixteen lines (rows of A, columns of B), rounded: of each line its pairs of k,
 * or, `across`, of each pair of k all lines. What lies outside is 0.
 *
 * lines, depth: those that there are
 * line, k: distances of two lines and of two k, one of them 1, or none
 */
BF16_INLINE void read_step(
    const float *from, long line, long k, int lines, int depth, int across, __m512i *v) {
  if (!across) {
    const __mmask16 low = lanes(depth);
    const __mmask16 high = lanes(depth - 16);
#pragma GCC unroll 4
    for (int i = 0; i < 16; i++) {
      const float *at = from + i * line;
      v[i] = i < lines ? rounded(_mm512_maskz_loadu_ps(low, at), _mm512_maskz_loadu_ps(high, at + 16))
                       : _mm512_setzero_si512();
    }
    return;
  }
  const __mmask16 mask = lanes(lines);
  const __m512i pairs = _mm512_set_epi16(
      31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3,
      18, 2, 17, 1, 16, 0);
#pragma GCC unroll 4
  for (int i = 0; i < 16; i++) {
    const float *at = from + 2 * i * k;
    const __m512 even = 2 * i < depth ? _mm512_maskz_loadu_ps(mask, at) : _mm512_setzero_ps();
    const __m512 odd = 2 * i + 1 < depth ? _mm512_maskz_loadu_ps(mask, at + k) : _mm512_setzero_ps();
    v[i] = _mm512_permutexvar_epi16(pairs, rounded(even, odd));
  }
}

/* As read_step for any distances, by way of memory. */
BF16_INLINE void gather_step(
    const float *from, long line, long k, int lines, int depth, __m512i *v) {
  float near[16][STEP];
  for (int i = 0; i < lines && i < 16; i++) {
    for (int j = 0; j < depth && j < STEP; j++) {
      near[i][j] = from[i * line + j * k];
    }
  }
  read_step(near[0], STEP, 1, lines, depth, 0, v);
}

/* Packs sixteen lines; `pairs_first` for B, whose tiles have a pair of k in each row. */
static BF16 __attribute__((noinline)) void pack(
    const float *from, long line, long k, int lines, int depth, int pairs_first, tile_data *out) {
  for (int s = 0; s * STEP < depth; s++) {
    const float *at = from + s * STEP * k;
    const int left = depth - s * STEP;
    const int across = k != 1 && line == 1;
    __m512i v[16];
    if (k == 1) {
      read_step(at, line, 1, lines, left, 0, v);
    } else if (across) {
      read_step(at, 1, k, lines, left, 1, v);
    } else {
      gather_step(at, line, k, lines, left, v);
    }
    if (across != pairs_first) {
      transpose(v);
    }
    for (int i = 0; i < 16; i++) {
      _mm512_store_si512(out[s][i], v[i]);
    }
  }
}

/* Two panels of A times two of B, each `steps` long, to tiles 0 to 3. */
BF16_INLINE void multiply_tiles(const tile_data *a, const tile_data *b, int steps) {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int s = 0; s < steps; s++) {
    _tile_loadd(4, a[s], 64);
    _tile_loadd(6, b[s], 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, b[STEPS + s], 64);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(5, a[STEPS + s], 64);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
}

BF16_INLINE void store_tiles(float *c, long stride) {
  _tile_stored(0, c, 4 * stride);
  _tile_stored(1, c + 16, 4 * stride);
  _tile_stored(2, c + 16 * stride, 4 * stride);
  _tile_stored(3, c + 16 * stride + 16, 4 * stride);
}

/* Stores or adds what is finished of C. */
BF16_INLINE void put(const float (*from)[PAIR], float *c, long stride, int rows, int cols, int add) {
  const __mmask16 mask[2] = {lanes(cols), lanes(cols - 16)};
  for (int i = 0; i < rows; i++, c += stride) {
    for (int h = 0; h < 2; h++) {
      __m512 v = _mm512_load_ps(from[i] + 16 * h);
      if (add) {
        v = _mm512_add_ps(_mm512_maskz_loadu_ps(mask[h], c + 16 * h), v);
      }
      _mm512_mask_storeu_ps(c + 16 * h, mask[h], v);
    }
  }
}

/* A block of columns and of k. */
BF16_INLINE void multiply_block(
    const struct gemm *p, struct gemm_memory *memory, int j, int cols, int k, int depth) {
  const int steps = (depth + STEP - 1) / STEP;
  const int add = p->add || k > 0;
  for (int x = 0; x < (cols + PAIR - 1) / PAIR * PAIR; x += 16) {
    pack(p->b + k * p->b_row + (j + x) * p->b_col, p->b_col, p->b_row, cols - x, depth, 1,
        memory->b + x / 16 * STEPS);
  }
  for (int i = 0; i < p->m; i += PAIR) {
    const int rows = p->m - i < PAIR ? p->m - i : PAIR;
    for (int y = 0; y < PAIR; y += 16) {
      pack(p->a + (i + y) * p->a_row + k * p->a_col, p->a_row, p->a_col, rows - y, depth, 0,
          memory->a + y / 16 * STEPS);
    }
    for (int x = 0; x < cols; x += PAIR) {
      const int width = cols - x < PAIR ? cols - x : PAIR;
      float *c = p->c + i * p->c_row + j + x;
      multiply_tiles(memory->a, memory->b + x / 16 * STEPS, steps);
      if (!add && rows == PAIR && width == PAIR) {
        store_tiles(c, p->c_row);
      } else {
        store_tiles(memory->c[0], PAIR);
        put(memory->c, c, p->c_row, rows, width, add);
      }
    }
  }
}

BF16 void gemm_product(const struct gemm *p, void *scratch) {
  configure();
  for (int j = 0; j < p->n; j += COLS) {
    const int cols = p->n - j < COLS ? p->n - j : COLS;
    for (int k = 0; k < p->k; k += GEMM_DEPTH) {
      const int depth = p->k - k < GEMM_DEPTH ? p->k - k : GEMM_DEPTH;
      multiply_block(p, scratch, j, cols, k, depth);
    }
  }
  _tile_release();
}
