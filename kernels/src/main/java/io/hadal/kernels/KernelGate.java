package io.hadal.kernels;

import java.util.Arrays;

/**
 * Whether an operation runs on vectors. Vector code that is not compiled yet is many times slower
 * than plain Java, so that a warm-up holds the gates of the operations it is about to warm: until
 * it releases them they run in plain Java, with the same bits. Nothing is held without a warm-up.
 */
public final class KernelGate {
  /** Operations beside matrix products. */
  public enum Operation {
    DEQUANTIZE,
    DOT,
    DOTS,
    WEIGHTED_SUMS,
    ADD_SCALED,
    MAX,
    EXP_AND_SUM,
    RMS_NORM,
    SWIGLU,
    ROUND_BF16,
    ROUND_ROWS,
    UNPACK_ROWS,
    HADAMARD,
    EXPAND_STREAMS,
    INDEX_SCORES,
    QUANTIZE
  }

  private static final int TYPES = StorageType.values().length;
  private static final KernelGate[] OPERATIONS = gates(Operation.values().length);
  private static final KernelGate[] STORED = gates(2 * TYPES);
  private static final KernelGate[] PACKED = gates(2 * TYPES);

  private volatile boolean open = true;
  private boolean released;

  private KernelGate() {}

  private static KernelGate[] gates(int count) {
    KernelGate[] gates = new KernelGate[count];
    Arrays.setAll(gates, i -> new KernelGate());
    return gates;
  }

  /** The gate of an operation. */
  public static KernelGate of(Operation operation) {
    return OPERATIONS[operation.ordinal()];
  }

  /** The gate of the product of stored matrices with few or with several inputs. */
  public static KernelGate stored(StorageType type, boolean several) {
    return STORED[2 * type.ordinal() + (several ? 1 : 0)];
  }

  /** The gate of the product of packed matrices with few or with several inputs. */
  public static KernelGate packed(StorageType type, boolean several) {
    return PACKED[2 * type.ordinal() + (several ? 1 : 0)];
  }

  /** Plain Java from now on, unless the vector code is known to be compiled. */
  public synchronized void hold() {
    open = released;
  }

  /** Vectors from now on, for good. */
  public synchronized void release() {
    released = true;
    open = true;
  }

  /** True when vectors are used. */
  public boolean open() {
    return open;
  }
}
