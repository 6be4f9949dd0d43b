package io.hadal.kernels;

import io.hadal.kernels.foreign.FilePages;

/** Resident pages of matrices that lie in mapped files. */
public final class MatrixPages {
  private MatrixPages() {}

  /**
   * Gives the pages of a matrix and its scales back to the operating system (Linux; elsewhere
   * nothing happens). They are read from the file again when somebody touches them.
   */
  public static void release(Matrix w) {
    FilePages.release(w.data());
    BlockScales scales = w.scales();
    if (scales != null) {
      FilePages.release(scales.data());
    }
  }
}
