package io.hadal.model.forward;

import io.hadal.kernels.Rope;
import io.hadal.model.config.RopeConfig;
import java.util.HashMap;
import java.util.Map;

/** Cosines and sines of a batch, once for each set of frequencies. */
final class RotaryTables {

  /** Rotation of one layer kind: row t of the tables belongs to row t of the batch. */
  static final class Table {
    final Rope rope;
    private final int half;
    private float[][] cos = new float[0][];
    private float[][] sin = new float[0][];

    private Table(int dim, RopeConfig config) {
      this.half = dim / 2;
      this.rope = new Rope(config.frequencies(dim));
    }

    void rotate(float[] x, int offset, int row, boolean inverse) {
      Rope.rotate(x, offset, cos[row], sin[row], inverse);
    }

    private void fill(Batch batch, Compute compute) {
      if (cos.length < batch.size()) {
        cos = new float[batch.size()][half];
        sin = new float[batch.size()][half];
      }
      compute.forRows(batch.size(), (t, worker) -> rope.cosSin(batch.position(t), cos[t], sin[t]));
    }
  }

  private final int dim;
  private final Map<RopeConfig, Table> tables = new HashMap<>();

  RotaryTables(int dim) {
    this.dim = dim;
  }

  Table table(RopeConfig config) {
    return tables.computeIfAbsent(config, c -> new Table(dim, c));
  }

  void fill(Batch batch, Compute compute) {
    tables.values().forEach(table -> table.fill(batch, compute));
  }
}
