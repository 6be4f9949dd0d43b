/* Native kernels of Hadal: shared declarations. Every function returns the bits that the Java
 * kernels return; io.hadal.kernels.BlockKernels and Kernels define them. */
#ifndef HADAL_H
#define HADAL_H

#include <immintrin.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))
#define VNNI \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512vbmi,avx2,fma,f16c,bmi2")))
#define INLINE static inline VNNI __attribute__((always_inline))

/* In the order of io.hadal.kernels.packed.PackedLayout. */
enum layout {
  E2M1, Q8, Q4, Q4_MIN, Q5, Q5_MIN, IQ4, Q4_K, Q5_K, Q6_K, Q3_K, Q2_K, IQ4_K, IQ2_XXS, IQ2_XS, IQ3_XXS,
  LAYOUTS
};

/* Bits of hadal_features(). */
enum feature { HAS_VNNI = 1, HAS_AMX_INT8 = 2, HAS_AMX_BF16 = 4 };

/* One product: groups of sixteen packed rows with tokens. */
struct product {
  int layout;
  int rows;         /* from the first group on; the last group may be partial */
  int blocks;       /* of 32 columns */
  int tokens;
  const uint8_t *w; /* first group */
  long group_bytes;
  int first;        /* token of x; the others are counted from it */
  int height;       /* tokens side by side in x, 1 or 16 */
  const int8_t *x;  /* codes in the layout's order, [all tokens / height][blocks][height][32] */
  const float *dx;  /* [tokens][blocks] */
  const int32_t *sums; /* [tokens][blocks][2] */
  const uint8_t *tables; /* grids */
  float *y;         /* row 0 of token 0 */
  long y_stride;
  uint8_t *scratch; /* 64-byte aligned */
};

/* Stored types of exact products. */
enum exact_type { EXACT_F32, EXACT_F16, EXACT_BF16, EXACT_F8 };

/* y[t * y_stride + r] for all rows and tokens. */
struct exact {
  int type;
  int rows;
  int cols;
  int tokens;
  const uint8_t *w; /* row 0 */
  long row_bytes;
  const float *scales; /* EXACT_F8: of tiles, times 256, [tile rows][tiles] */
  int scale_row;       /* row of the first tile that row 0 is */
  int tile_rows;
  int tile_cols; /* a multiple of 16 */
  int tiles;
  const float *x;
  long x_stride;
  float *y;
  long y_stride;
};

/* Columns of A whose products are summed before they are added to C. */
enum { GEMM_DEPTH = 512 };

/* C = A B or C += A B, of f32; distances are in elements. */
struct gemm {
  int m;
  int n;
  int k;
  const float *a;
  long a_row;
  long a_col;
  const float *b;
  long b_row;
  long b_col;
  float *c;
  long c_row;
  int add;
};

/* What ldtilecfg reads. */
struct tile_config {
  uint8_t palette;
  uint8_t start_row;
  uint8_t reserved[14];
  uint16_t bytes[16];
  uint8_t rows[16];
};

/* Codes of token `t` of a product, block 0; the next block is 32 * height bytes on. */
static inline const int8_t *token_codes(const struct product *p, int t) {
  const int at = p->first + t;
  const int rest = at % p->height;
  return p->x + 32L * ((long) (at - rest) * p->blocks + rest);
}

void rows_product(const struct product *p);
void tile_product(const struct product *p);
void exact_product(const struct exact *p);

/* Quantises a token: codes in `order`, a block every `block_bytes`; scales and sums side by side. */
void quantize_token(
    const float *x, int blocks, const uint8_t *order, long block_bytes, int8_t *to, float *scales,
    int32_t *sums);
void gemm_product(const struct gemm *p, void *scratch);
long tile_scratch(int blocks, int tokens);
long gemm_scratch(void);

#endif
