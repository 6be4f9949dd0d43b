package io.hadal.train.graph;

import java.nio.DoubleBuffer;
import java.nio.LongBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The parameters of a graph as leaves of libtorch's autograd, and the few layers that all blocks
 * are made of.
 */
final class TorchWeights {
  private final ScalarType type;
  private final Map<String, Tensor> leaves = new LinkedHashMap<>();

  /**
   * Copies the values.
   *
   * @param type Double for comparisons, Float for speed
   */
  TorchWeights(ParameterSet parameters, ScalarType type) {
    this.type = type;
    for (Parameter p : parameters.all()) {
      long[] shape = p.shape().stream().mapToLong(Integer::longValue).toArray();
      Tensor leaf = Tensor.create(p.value(), shape).toType(type).detach();
      leaf.set_requires_grad(p.kind() != Parameter.Kind.STATE);
      leaves.put(p.name(), leaf);
    }
  }

  Map<String, Tensor> leaves() {
    return leaves;
  }

  Tensor get(String name) {
    Tensor leaf = leaves.get(name);
    if (leaf == null) {
      throw new IllegalArgumentException("no parameter " + name);
    }
    return leaf;
  }

  /** Gradient of a leaf, row-major; zeros where nothing reached it. */
  double[] gradient(String name) {
    Tensor leaf = get(name);
    Tensor gradient = leaf.grad();
    if (!gradient.defined()) {
      return new double[Math.toIntExact(leaf.numel())];
    }
    return doubles(gradient.is_sparse() ? gradient.to_dense() : gradient);
  }

  /** Forgets the gradients. */
  void clearGradients() {
    Tensor none = new Tensor();
    leaves.values().forEach(leaf -> leaf.mutable_grad().put(none));
  }

  /** A constant of the model's number type. */
  Tensor constant(float[] values, long... shape) {
    return Tensor.create(values, shape).toType(type);
  }

  /** A constant of zeros. */
  Tensor zeros(long... shape) {
    return torch.zeros(shape).toType(type);
  }

  /** {@code x W^T}. */
  Tensor linear(Tensor x, String name) {
    return torch.linear(x, get(name));
  }

  /** RMSNorm of the last dimension. */
  Tensor norm(Tensor x, String name, double eps) {
    Tensor weight = get(name);
    return torch.rms_norm(
        x, new long[] {weight.numel()}, new TensorOptional(weight), new DoubleOptional(eps));
  }

  /** {@code 1 / sqrt(mean(x^2) + eps)} over the last dimension, which stays as 1. */
  static Tensor inverseRms(Tensor x, double eps) {
    Tensor mean = torch.mean(x.mul(x), new long[] {-1}, true, new ScalarTypeOptional());
    return mean.add(new Scalar(eps)).rsqrt();
  }

  static Tensor sum(Tensor x, long dim, boolean keep) {
    return torch.sum(x, new long[] {dim}, keep, new ScalarTypeOptional());
  }

  static Scalar number(double v) {
    return new Scalar(v);
  }

  /** Indexes on libtorch's side. */
  static Tensor indexes(int[] values, long... shape) {
    long[] wide = new long[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return Tensor.create(wide, shape);
  }

  static long[] longs(Tensor t) {
    long[] out = new long[Math.toIntExact(t.numel())];
    LongBuffer buffer = t.contiguous().createBuffer();
    buffer.get(out);
    return out;
  }

  static double[] doubles(Tensor t) {
    double[] out = new double[Math.toIntExact(t.numel())];
    DoubleBuffer buffer = t.detach().toType(ScalarType.Double).contiguous().createBuffer();
    buffer.get(out);
    return out;
  }
}
