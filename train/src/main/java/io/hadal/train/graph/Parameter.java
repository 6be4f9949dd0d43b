package io.hadal.train.graph;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A named tensor of the model and its gradient. */
public final class Parameter {

  /** How a tensor is trained. */
  public enum Kind {
    /** A matrix of a linear layer; decays. */
    MATRIX,
    /** A norm, bias, gate or sink. */
    VECTOR,
    /** Embedding or output head, one row a token. */
    EMBEDDING,
    /** N-gram rows, of which a step touches few. */
    TABLE,
    /** Not trained by gradient. */
    STATE
  }

  private final String name;
  private final Kind kind;
  private final List<Integer> shape;
  private final float[] value;
  private float[] gradient;
  // Rows with a gradient, for tables only.
  private final int[] touched;
  private final boolean[] marked;
  private int touchedCount;
  private boolean frozen;
  private @Nullable MatrixAdapter adapter;

  Parameter(String name, Kind kind, int... shape) {
    this.name = name;
    this.kind = kind;
    this.shape = Arrays.stream(shape).boxed().toList();
    int size = 1;
    for (int n : shape) {
      size = Math.multiplyExact(size, n);
    }
    this.value = new float[size];
    this.gradient = new float[kind == Kind.STATE ? 0 : size];
    this.touched = new int[kind == Kind.TABLE ? shape[0] : 0];
    this.marked = new boolean[kind == Kind.TABLE ? shape[0] : 0];
  }

  public String name() {
    return name;
  }

  public Kind kind() {
    return kind;
  }

  /** Outermost dimension first. */
  public List<Integer> shape() {
    return shape;
  }

  /** The numbers themselves, row-major. */
  public float[] value() {
    return value;
  }

  /** As long as the value; empty for {@link Kind#STATE} and where nothing is collected. */
  public float[] gradient() {
    return gradient;
  }

  /** Whether it belongs to the drafter, not to the trunk. */
  public boolean isDrafter() {
    return name.startsWith("mtp.");
  }

  /** From now on this tensor keeps its value; large gradients are no longer collected. */
  void freeze() {
    frozen = true;
    if (kind != Kind.VECTOR) {
      gradient = new float[0];
    }
  }

  /** Whether nobody wants the gradient of this tensor. */
  boolean frozen() {
    return frozen;
  }

  /** Trains two narrow matrices in place of this one. */
  void adapt(MatrixAdapter pair) {
    freeze();
    adapter = pair;
  }

  /** What is trained in place of this matrix; null for the matrix itself, or nothing. */
  @Nullable MatrixAdapter adapter() {
    return adapter;
  }

  public int size() {
    return value.length;
  }

  /** Values of a row, all dimensions but the first. */
  public int rowSize() {
    return value.length / Math.max(1, shape.getFirst());
  }

  /** Notes that a table's row has a gradient; not safe for concurrent use. */
  void touch(int row) {
    if (!marked[row]) {
      marked[row] = true;
      touched[touchedCount++] = row;
    }
  }

  /** Number of a table's rows with a gradient. */
  public int touchedCount() {
    return touchedCount;
  }

  /** One of the rows with a gradient, in the order of their first use. */
  public int touchedRow(int i) {
    return touched[i];
  }

  /** Forgets the gradient. */
  public void clearGradient() {
    if (kind != Kind.TABLE) {
      Arrays.fill(gradient, 0);
      return;
    }
    int width = rowSize();
    for (int i = 0; i < touchedCount; i++) {
      int at = touched[i] * width;
      Arrays.fill(gradient, at, at + width, 0);
      marked[touched[i]] = false;
    }
    touchedCount = 0;
  }

  @Override
  public String toString() {
    return name + shape;
  }
}
