/* What Java calls, and what this CPU can do. */
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hadal.h"

#ifndef HADAL_VERSION
#define HADAL_VERSION "unknown"
#endif

enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_TILE_DATA = 18, LEAST_TILE_TOKENS = 5 };

/* Hash of the sources this library was made from. */
EXPORT const char *hadal_version(void) { return HADAL_VERSION; }

static uint64_t enabled_state(void) {
  uint32_t low;
  uint32_t high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t) high << 32 | low;
}

/* Bits of enum feature; asks the kernel for the use of tiles. */
EXPORT int hadal_features(void) {
  uint32_t a;
  uint32_t b;
  uint32_t c;
  uint32_t d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) {
    return 0;
  }
  const uint32_t fma = 1u << 12;
  const uint32_t osxsave = 1u << 27;
  const uint32_t f16c = 1u << 29;
  if ((c & (fma | osxsave | f16c)) != (fma | osxsave | f16c) || (enabled_state() & 0xe6) != 0xe6) {
    return 0;
  }
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    return 0;
  }
  const uint32_t wanted = 1u << 5 | 1u << 8 | 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
  if ((b & wanted) != wanted || !(c & 1u << 1) || !(c & 1u << 11)) {
    return 0;
  }
  int features = HAS_VNNI;
  if ((d >> 24 & 3) == 3 && (enabled_state() >> 17 & 3) == 3
      && syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_TILE_DATA) == 0) {
    features |= HAS_AMX_INT8;
    const int tiles_bf16 = d >> 22 & 1;
    if (tiles_bf16 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 5)) {
      features |= HAS_AMX_BF16;
    }
  }
  return features;
}

/* Bytes of scratch memory for a product. */
EXPORT long hadal_scratch(int blocks, int tokens) {
  const long rows = 64L * blocks;
  const long tiles = tile_scratch(blocks, tokens);
  return rows > tiles ? rows : tiles;
}

/* See struct product; `x` is the first of the tokens in arrays of whole inputs. */
EXPORT void hadal_product(
    int features, int layout, const uint8_t *w, long group_bytes, int rows, int blocks,
    int height, const int8_t *codes, const float *dx, const int32_t *sums, int x, int tokens, float *y,
    long y_at, long y_stride, const uint8_t *tables, uint8_t *scratch) {
  const struct product p = {
    .layout = layout,
    .rows = rows,
    .blocks = blocks,
    .tokens = tokens,
    .w = w,
    .group_bytes = group_bytes,
    .first = x,
    .height = height,
    .x = codes,
    .dx = dx + (long) x * blocks,
    .sums = sums + (long) x * blocks * 2,
    .tables = tables,
    .y = y + y_at,
    .y_stride = y_stride,
    .scratch = scratch,
  };
  if ((features & HAS_AMX_INT8) && height == 16 && tokens >= LEAST_TILE_TOKENS) {
    tile_product(&p);
  } else {
    rows_product(&p);
  }
}

/* Quantises token t of arrays of whole inputs, `height` tokens side by side. */
EXPORT void hadal_quantize(
    const float *x, long x_at, int blocks, const uint8_t *order, int height, int t, int8_t *codes,
    float *dx, int32_t *sums) {
  const int rest = t % height;
  int8_t *to = codes + 32L * ((long) (t - rest) * blocks + rest);
  quantize_token(
      x + x_at, blocks, order, 32L * height, to, dx + (long) t * blocks, sums + 2L * t * blocks);
}

/* See struct exact; offsets are in elements. */
EXPORT void hadal_exact(
    int type, const uint8_t *w, long row_bytes, int rows, int cols, const float *scales, int scale_row,
    int tile_rows, int tile_cols, int tiles, const float *x, long x_at, long x_stride, int tokens,
    float *y, long y_at, long y_stride) {
  const struct exact p = {
    .type = type,
    .rows = rows,
    .cols = cols,
    .tokens = tokens,
    .w = w,
    .row_bytes = row_bytes,
    .scales = scales,
    .scale_row = scale_row,
    .tile_rows = tile_rows,
    .tile_cols = tile_cols,
    .tiles = tiles,
    .x = x + x_at,
    .x_stride = x_stride,
    .y = y + y_at,
    .y_stride = y_stride,
  };
  exact_product(&p);
}

/* Bytes of scratch memory for hadal_gemm. */
EXPORT long hadal_gemm_scratch(void) { return gemm_scratch(); }

/* See struct gemm; offsets are in elements, `scratch` is aligned to 64 bytes. */
EXPORT void hadal_gemm(
    int m, int n, int k, const float *a, long a_at, long a_row, long a_col, const float *b, long b_at,
    long b_row, long b_col, float *c, long c_at, long c_row, int add, void *scratch) {
  const struct gemm p = {
    .m = m,
    .n = n,
    .k = k,
    .a = a + a_at,
    .a_row = a_row,
    .a_col = a_col,
    .b = b + b_at,
    .b_row = b_row,
    .b_col = b_col,
    .c = c + c_at,
    .c_row = c_row,
    .add = add,
  };
  gemm_product(&p, scratch);
}
