package io.hadal.kernels;

import java.lang.foreign.Arena;
import java.util.List;

/** A packed product for {@link KernelExercise}: some rows, some tokens, any form of input. */
final class PackedProduct {
  private final BlockKernels kernels;
  private final Matrix rows;
  private final int tokens;
  private final PackedMatrix packed;
  private final List<BlockInput.Form> forms;
  private final BlockInput input = new BlockInput();
  private final float[] x;
  private final float[] y;

  PackedProduct(BlockKernels kernels, Matrix rows, int tokens) {
    this.kernels = kernels;
    this.rows = rows;
    this.tokens = tokens;
    this.packed = PackedMatrix.allocate(rows, Arena.ofAuto());
    packed.pack(rows, 0, packed.groups());
    this.forms = kernels.forms(packed, tokens);
    this.x = KernelExercise.input(tokens * rows.cols());
    this.y = new float[tokens * rows.rows()];
  }

  List<BlockInput.Form> forms() {
    return forms;
  }

  long work() {
    return (long) rows.rows() * rows.cols() * tokens;
  }

  /** Quantises the inputs too, as every product does. */
  void run(int variant) {
    if (forms.isEmpty()) {
      kernels.prepare(input, tokens, rows.cols(), packed, tokens);
    } else {
      input.begin(tokens, rows.cols(), forms.get(variant));
    }
    for (int t = 0; t < tokens; t++) {
      input.quantize(t, x, t * rows.cols());
    }
    kernels.multiply(packed, 0, rows.rows(), input, 0, tokens, y, 0, rows.rows());
  }

  void choose(int variant) {
    if (!forms.isEmpty()) {
      kernels.choose(packed, tokens, forms.get(variant));
    }
  }
}
