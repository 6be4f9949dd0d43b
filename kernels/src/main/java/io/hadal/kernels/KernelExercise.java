package io.hadal.kernels;

import java.util.List;
import java.util.function.IntConsumer;

/**
 * One kernel at one shape that runs on data of its own: for warming it up and for timing it.
 *
 * @param name for reports
 * @param work multiply-adds or elements of a run
 * @param floor work in a nanosecond that code of C2 reaches on 512-bit vectors and other code does
 *     not
 * @param variants names of ways to the same result; at least one
 * @param run runs a variant
 * @param choose lets the kernel take a variant from now on
 */
public record KernelExercise(
    String name,
    long work,
    double floor,
    List<String> variants,
    IntConsumer run,
    IntConsumer choose) {
  /** Above what C1 makes of vector code (measured: 0.1 to 0.6), below what C2 makes of it. */
  private static final double PRODUCT_FLOOR = 1.5;

  private static final double ELEMENT_FLOOR = 0.8;

  /** Rows of a product: few, because the first runs are interpreted, but whole strips. */
  private static final int ROWS = 3 * PackedMatrix.GROUP;

  public KernelExercise {
    variants = List.copyOf(variants);
  }

  /** A kernel over elements, which has one variant. */
  public static KernelExercise of(String name, long elements, Runnable run) {
    return new KernelExercise(
        name, elements, ELEMENT_FLOOR, List.of("only"), variant -> run.run(), variant -> {});
  }

  /**
   * The product of a packed matrix's first rows with 8-bit inputs.
   *
   * @param w a matrix that packs; only its first rows are read
   */
  public static KernelExercise packed(Matrix w, int tokens) {
    BlockKernels kernels = KernelProvider.UNGATED_BLOCKS;
    PackedProduct product =
        new PackedProduct(kernels, w.slice(0, Math.min(ROWS, w.rows())), tokens);
    List<BlockInput.Form> forms = product.forms();
    return new KernelExercise(
        "packed " + w.type() + " x " + tokens,
        product.work(),
        PRODUCT_FLOOR,
        forms.isEmpty() ? List.of("only") : forms.stream().map(KernelExercise::lower).toList(),
        product::run,
        product::choose);
  }

  /** The product of a stored matrix's first rows with f32 inputs. */
  public static KernelExercise stored(Matrix w, int tokens) {
    Kernels kernels = KernelProvider.UNGATED;
    Matrix rows = w.slice(0, Math.min(ROWS, w.rows()));
    float[] x = input(tokens * w.cols());
    float[] y = new float[tokens * rows.rows()];
    ProductWays ways = tokens == 1 ? kernels.ways() : null;
    String name = w.type() + " x " + tokens;
    long work = (long) rows.rows() * w.cols() * tokens;
    if (ways == null || ways.count(rows) < 2) {
      return new KernelExercise(
          name,
          work,
          PRODUCT_FLOOR,
          List.of("only"),
          variant ->
              kernels.matmul(rows, 0, rows.rows(), x, 0, w.cols(), tokens, y, 0, rows.rows()),
          variant -> {});
    }
    return new KernelExercise(
        name,
        work,
        PRODUCT_FLOOR,
        List.of(ways.name(0), ways.name(1)),
        variant -> ways.multiply(variant, rows, 0, rows.rows(), x, y),
        variant -> ways.choose(rows, variant));
  }

  /** Kernels behind no gate, for exercises. */
  public static Kernels kernels() {
    return KernelProvider.UNGATED;
  }

  /** Attention kernels behind no gate, for exercises. */
  public static AttentionKernels attentionKernels() {
    return KernelProvider.UNGATED_ATTENTION;
  }

  /** Index scores of bytes behind no gate, for exercises. */
  public static ByteScores byteScores() {
    return KernelProvider.UNGATED_SCORES;
  }

  /** Rounding of inputs behind no gate, for exercises. */
  public static InputQuantizer quantizer() {
    return KernelProvider.UNGATED_QUANTIZER;
  }

  private static String lower(BlockInput.Form form) {
    return form.name().toLowerCase(java.util.Locale.ROOT);
  }

  /** Values between -1 and 1. */
  static float[] input(int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = i * 37 % 101 / 50f - 1;
    }
    return x;
  }
}
