package io.hadal.train.graph;

import static io.hadal.train.graph.TorchWeights.number;
import static io.hadal.train.graph.TorchWeights.sum;

import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.MoeConfig;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** Router and experts in libtorch (V4.1 spec 4.3); as {@link Experts}. */
final class TorchExperts {
  private final TorchWeights weights;
  private final MoeConfig moe;
  private final LayerConfig layer;
  private final String prefix;
  // Experts of every token id, {@code [vocab, active]}; null where the router chooses.
  private final @Nullable Tensor table;

  /** Output {@code [tokens, hidden]} and the sum of the balance losses of the tokens. */
  record Result(Tensor output, @Nullable Tensor balance) {}

  TorchExperts(
      TorchWeights weights, LayerConfig layer, int vocab, String prefix, int @Nullable [] table) {
    this.weights = weights;
    this.moe = layer.moe();
    this.layer = layer;
    this.prefix = prefix;
    this.table =
        table == null ? null : TorchWeights.indexes(table, vocab, layer.moe().activeExperts());
  }

  Result forward(PackedBatch batch, Tensor ids, Tensor x) {
    Tensor out = moe.sharedExperts() == 0 ? null : shared(x);
    if (moe.dense()) {
      if (out == null) {
        throw new IllegalArgumentException("a layer without experts");
      }
      return new Result(out, null);
    }
    Tensor scores = torch.softplus(weights.linear(x, prefix + "gate.weight")).sqrt();
    int k = moe.activeExperts();
    Tensor chosen =
        table != null
            ? table.index_select(0, ids)
            : scores.detach().add(weights.get(prefix + "gate.bias")).topk(k).get1();
    Tensor share = torch.gather(scores, 1, chosen);
    if (moe.normalized()) {
      share = share.div(sum(share, 1, true).add(number(1e-20)));
    }
    Tensor routed = routed(x, chosen, share.mul(number(moe.routedScale())));
    Tensor balance = table == null ? balance(batch, scores, chosen) : null;
    return new Result(out == null ? routed : out.add(routed), balance);
  }

  private Tensor shared(Tensor x) {
    return expert(x, prefix + "shared_experts.", layer.sharedLimit(), null);
  }

  private Tensor expert(Tensor x, String name, float limit, @Nullable Tensor weight) {
    Tensor gate = weights.linear(x, name + "w1.weight");
    Tensor up = weights.linear(x, name + "w3.weight");
    if (Float.isFinite(limit)) {
      gate = gate.clamp_max(new Scalar(limit));
      up = up.clamp(new ScalarOptional(new Scalar(-limit)), new ScalarOptional(new Scalar(limit)));
    }
    Tensor active = torch.silu(gate).mul(up);
    return weights.linear(weight == null ? active : active.mul(weight), name + "w2.weight");
  }

  private Tensor routed(Tensor x, Tensor chosen, Tensor share) {
    int k = moe.activeExperts();
    Tensor flat = chosen.reshape(-1);
    Tensor order = torch.argsort(flat, true, 0, false);
    Tensor rows = order.floor_divide(new Scalar(k));
    Tensor gathered = x.index_select(0, rows);
    Tensor sorted = share.reshape(-1, 1).index_select(0, order);
    long[] counts = TorchWeights.longs(torch.bincount(flat, new TensorOptional(), moe.experts()));
    TensorVector parts = new TensorVector();
    long from = 0;
    for (int e = 0; e < counts.length; e++) {
      if (counts[e] > 0) {
        Tensor in = gathered.narrow(0, from, counts[e]);
        Tensor weight = sorted.narrow(0, from, counts[e]);
        parts.push_back(expert(in, prefix + "experts." + e + ".", layer.routedLimit(), weight));
        from += counts[e];
      }
    }
    return weights.zeros(x.size(0), x.size(1)).index_add(0, rows, torch.cat(parts, 0));
  }

  /** {@code sum_t sum_e f_e s_e / sum s}; f is the load of an expert in the token's span. */
  private Tensor balance(PackedBatch batch, Tensor scores, Tensor chosen) {
    int e = moe.experts();
    int k = moe.activeExperts();
    long[] ids = TorchWeights.longs(chosen);
    float[] loads = new float[batch.tokens() * e];
    for (int s = 0; s < batch.spans(); s++) {
      float[] load = new float[e];
      for (int i = batch.start(s) * k; i < batch.start(s + 1) * k; i++) {
        load[(int) ids[i]] += (float) e / (k * batch.length(s));
      }
      for (int t = batch.start(s); t < batch.start(s + 1); t++) {
        System.arraycopy(load, 0, loads, t * e, e);
      }
    }
    Tensor f = weights.constant(loads, batch.tokens(), e);
    return sum(scores.mul(f), 1, false).div(sum(scores, 1, false)).sum();
  }
}
