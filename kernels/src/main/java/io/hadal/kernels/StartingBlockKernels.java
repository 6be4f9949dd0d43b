package io.hadal.kernels;

import java.util.List;

/** Vector kernels, and plain ones in their place where a {@link KernelGate} is held. */
final class StartingBlockKernels implements BlockKernels {
  private final BlockKernels vector;
  private final BlockKernels plain;

  StartingBlockKernels(BlockKernels vector, BlockKernels plain) {
    this.vector = vector;
    this.plain = plain;
  }

  @Override
  public String name() {
    return vector.name();
  }

  @Override
  public int tile() {
    return vector.tile();
  }

  @Override
  public int strip() {
    return vector.strip();
  }

  @Override
  public int sideBySide() {
    return vector.sideBySide();
  }

  @Override
  public void prepare(BlockInput x, int tokens, int cols, PackedMatrix w, int together) {
    vector.prepare(x, tokens, cols, w, together);
  }

  @Override
  public List<BlockInput.Form> forms(PackedMatrix w, int together) {
    return vector.forms(w, together);
  }

  @Override
  public void choose(PackedMatrix w, int together, BlockInput.Form form) {
    vector.choose(w, together, form);
  }

  @Override
  public void multiply(
      PackedMatrix w,
      int fromRow,
      int toRow,
      BlockInput x,
      int fromToken,
      int toToken,
      float[] y,
      int yOffset,
      int yStride) {
    // Plain code reads the codes of every form that vector code asks for.
    // As vector code tells them apart.
    boolean several =
        switch (x.form()) {
          case PANELS, TILES -> true;
          default -> toToken - fromToken > 2;
        };
    boolean open = KernelGate.packed(w.type(), several).open();
    (open ? vector : plain).multiply(w, fromRow, toRow, x, fromToken, toToken, y, yOffset, yStride);
  }
}
