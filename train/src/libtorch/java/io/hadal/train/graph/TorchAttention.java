package io.hadal.train.graph;

import static io.hadal.train.graph.TorchWeights.number;
import static io.hadal.train.graph.TorchWeights.sum;

import io.hadal.model.config.AttentionConfig;
import io.hadal.model.config.IndexerConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Attention with entries and indexer in libtorch (V4.1 spec 4.2); as {@link AttentionLayer}, {@link
 * EntryStream} and {@link LightningIndex}. Spans of one length go through the products together.
 */
final class TorchAttention {
  /** Stands for minus infinity where a whole row may be blocked. */
  private static final double BLOCKED = -1e30;

  private final TorchWeights weights;
  private final AttentionConfig shape;
  private final IndexerConfig indexer;
  private final LayerConfig layer;
  private final double eps;
  private final String prefix;
  private final float[] frequencies;
  private final @Nullable TorchAttention source;
  private final @Nullable TorchAttention indexSource;

  // What later layers read: entries {@code [entries, dim]}, their index keys, and for every group
  // of spans the blocked entries.
  private @Nullable Tensor entries;
  private @Nullable Tensor indexKeys;
  private List<Tensor> blocked = new ArrayList<>();

  /** Output {@code [tokens, hidden]} and the indexer's divergence, summed over tokens. */
  record Result(Tensor output, @Nullable Tensor divergence) {}

  /** Some spans of one length, the first of which starts at a token. */
  private record Group(int start, int spans, int length, int firstEntry, int entries) {
    int tokens() {
      return spans * length;
    }
  }

  /**
   * One layer.
   *
   * @param source maker of the entries; null for none or itself
   * @param indexSource maker of the choice; null for none or itself
   */
  TorchAttention(
      TorchWeights weights,
      ModelConfig config,
      LayerConfig layer,
      String prefix,
      @Nullable TorchAttention source,
      @Nullable TorchAttention indexSource) {
    this.weights = weights;
    this.shape = config.attention();
    this.indexer = config.indexer();
    this.layer = layer;
    this.eps = config.normEps();
    this.prefix = prefix;
    this.frequencies = layer.rope().frequencies(shape.ropeDim());
    this.source = source;
    this.indexSource = indexSource;
  }

  Result forward(PackedBatch batch, Tensor x, Pass pass) {
    long tokens = batch.tokens();
    int heads = shape.heads();
    Tensor positions = positions(batch);
    Tensor latent =
        weights.norm(weights.linear(x, prefix + "wq_a.weight"), prefix + "q_norm.weight", eps);
    Tensor queries = weights.linear(latent, prefix + "wq_b.weight").view(tokens, heads, -1);
    queries = rotate(queries, positions, false);
    Tensor rows =
        weights.norm(weights.linear(x, prefix + "wkv.weight"), prefix + "kv_norm.weight", eps);
    rows = rotate(rows.unsqueeze(1), positions, false).squeeze(1);
    if (layer.compresses()) {
      compress(batch, x);
    }
    Tensor indexQueries = null;
    Tensor indexWeights = null;
    if (layer.selects()) {
      indexQueries =
          weights
              .linear(latent.detach(), prefix + "indexer.wq_b.weight")
              .view(tokens, indexer.heads(), -1);
      indexQueries = rotate(indexQueries, positions, false);
      indexWeights =
          weights
              .linear(x.detach(), prefix + "indexer.weights_proj.weight")
              .mul(number(indexer.weightScale()));
      blocked = new ArrayList<>();
    }
    TensorVector outputs = new TensorVector();
    Tensor divergence = null;
    List<Group> groups = groups(batch);
    for (int i = 0; i < groups.size(); i++) {
      Group g = groups.get(i);
      Tensor scores = null;
      if (g.entries > 0 && indexQueries != null && indexWeights != null) {
        scores =
            indexScores(
                g,
                indexQueries.narrow(0, g.start, g.tokens()),
                indexWeights.narrow(0, g.start, g.tokens()));
      }
      Tensor hidden = g.entries == 0 ? null : hidden(g, i, scores, pass);
      Tensor p = probabilities(g, queries, rows, hidden);
      outputs.push_back(output(g, p, rows));
      if (scores != null && hidden != null && pass.learnsIndex()) {
        Tensor part = divergence(g, scores, hidden, p);
        divergence = divergence == null ? part : divergence.add(part);
      }
    }
    Tensor out = rotate(torch.cat(outputs, 0), positions, true);
    return new Result(project(out), divergence);
  }

  private Tensor project(Tensor out) {
    long tokens = out.size(0);
    int groups = shape.outGroups();
    Tensor grouped = out.reshape(tokens, groups, shape.groupWidth()).transpose(0, 1);
    Tensor down = weights.get(prefix + "wo_a.weight");
    Tensor matrices = down.view(groups, shape.outRank(), shape.groupWidth()).transpose(1, 2);
    Tensor inner = torch.bmm(grouped, matrices).transpose(0, 1).reshape(tokens, -1);
    return weights.linear(inner, prefix + "wo_b.weight");
  }

  /** Consecutive spans of one length. */
  private List<Group> groups(PackedBatch batch) {
    int[] firstEntry = layer.ratio() == 0 ? null : batch.entryStarts(layer.ratio());
    List<Group> groups = new ArrayList<>();
    for (int s = 0; s < batch.spans(); ) {
      int length = batch.length(s);
      int end = s + 1;
      while (end < batch.spans() && batch.length(end) == length) {
        end++;
      }
      int entry = firstEntry == null ? 0 : firstEntry[s];
      int count = firstEntry == null ? 0 : length / layer.ratio();
      groups.add(new Group(batch.start(s), end - s, length, entry, count));
      s = end;
    }
    return groups;
  }

  private static Tensor positions(PackedBatch batch) {
    float[] p = new float[batch.tokens()];
    for (int t = 0; t < p.length; t++) {
      p[t] = batch.position(t);
    }
    return Tensor.create(p, p.length);
  }

  /** Rotates pairs of the last values of {@code [rows, heads, width]}. */
  private Tensor rotate(Tensor x, Tensor positions, boolean inverse) {
    Tensor angles = torch.outer(positions, Tensor.create(frequencies, frequencies.length));
    angles = angles.to(x.scalar_type()).unsqueeze(1);
    Tensor cos = angles.cos();
    Tensor sin = inverse ? angles.sin().neg() : angles.sin();
    long still = x.size(2) - shape.ropeDim();
    Tensor pairs = x.narrow(2, still, shape.ropeDim()).reshape(x.size(0), x.size(1), -1, 2);
    Tensor a = pairs.select(3, 0);
    Tensor b = pairs.select(3, 1);
    Tensor turned =
        torch.stack(new TensorVector(a.mul(cos).sub(b.mul(sin)), a.mul(sin).add(b.mul(cos))), 3);
    return torch.cat(new TensorVector(x.narrow(2, 0, still), turned.flatten(2, 3)), 2);
  }

  private void compress(PackedBatch batch, Tensor x) {
    int ratio = layer.ratio();
    int[] first = batch.entryStarts(ratio);
    int count = first[batch.spans()];
    int[] tokens = new int[count * ratio];
    float[] starts = new float[count];
    for (int s = 0; s < batch.spans(); s++) {
      for (int j = 0; j < first[s + 1] - first[s]; j++) {
        starts[first[s] + j] = j * ratio;
        for (int i = 0; i < ratio; i++) {
          tokens[(first[s] + j) * ratio + i] = batch.start(s) + j * ratio + i;
        }
      }
    }
    boolean all = tokens.length == batch.tokens();
    Tensor closed = all ? x : x.index_select(0, TorchWeights.indexes(tokens, tokens.length));
    Tensor pooled = weights.linear(closed, prefix + "compressor.wkv.weight");
    if (ratio > 1) {
      Tensor gates = weights.linear(closed, prefix + "compressor.wgate.weight");
      Tensor shares = gates.view(count, ratio, -1).softmax(1);
      pooled = sum(shares.mul(pooled.view(count, ratio, -1)), 1, false);
    }
    Tensor latents = weights.norm(pooled, prefix + "compressor.norm.weight", eps);
    Tensor at = Tensor.create(starts, count);
    entries = rotate(latents.unsqueeze(1), at, false).squeeze(1);
    if (layer.makesIndexKeys()) {
      Tensor keys =
          weights.norm(
              weights.linear(latents.detach(), prefix + "indexer.wk.weight"),
              prefix + "indexer.k_norm.weight",
              eps);
      indexKeys = rotate(keys.unsqueeze(1), at, false).squeeze(1);
    }
  }

  private TorchAttention maker() {
    return layer.compresses() ? this : Objects.requireNonNull(source);
  }

  private Tensor entries(Group g) {
    return Objects.requireNonNull(maker().entries)
        .narrow(0, g.firstEntry, (long) g.spans * g.entries)
        .view(g.spans, g.entries, -1);
  }

  /** Scores {@code [spans, length, entries]}. */
  private Tensor indexScores(Group g, Tensor queries, Tensor headWeights) {
    Tensor keys =
        Objects.requireNonNull(maker().indexKeys)
            .narrow(0, g.firstEntry, (long) g.spans * g.entries)
            .view(g.spans, g.entries, -1);
    Tensor q = queries.reshape(g.spans, (long) g.length * indexer.heads(), -1);
    Tensor dots = torch.bmm(q, keys.transpose(1, 2)).relu();
    Tensor w = headWeights.reshape((long) g.spans * g.length, 1, indexer.heads());
    Tensor perToken = dots.view((long) g.spans * g.length, indexer.heads(), g.entries);
    return torch.bmm(w, perToken).view(g.spans, g.length, g.entries);
  }

  /** Entries that a query does not attend to, {@code [1 or spans, length, entries]}. */
  private Tensor hidden(Group g, int group, @Nullable Tensor scores, Pass pass) {
    boolean[] future = new boolean[g.length * g.entries];
    for (int q = 0; q < g.length; q++) {
      for (int j = layer.visibleEntries(q); j < g.entries; j++) {
        future[q * g.entries + j] = true;
      }
    }
    Tensor mask = Tensor.create(future, 1, g.length, g.entries);
    if (scores != null) {
      if (!pass.dense() && g.entries > indexer.topK()) {
        // Scores are often exactly 0: ties go to the newer entry.
        Tensor seen = scores.detach().add(ties(g)).masked_fill(mask, number(BLOCKED));
        Tensor best = seen.topk(indexer.topK(), 2, true, false).get1();
        Tensor others = torch.ones_like(seen).scatter(2, best, new Scalar(0.0)).gt(number(0.5));
        mask = mask.logical_or(others);
      }
      blocked.add(mask);
    } else if (indexSource != null) {
      mask = indexSource.blocked.get(group);
    }
    return mask;
  }

  private Tensor ties(Group g) {
    float[] steps = new float[g.entries];
    for (int j = 0; j < steps.length; j++) {
      steps[j] = j * 1e-12f;
    }
    return weights.constant(steps, 1, 1, g.entries);
  }

  /** Window in whole blocks of queries, each of which sees its own keys and those before. */
  private boolean inBlocks(Group g) {
    return g.length > shape.window() && g.length % shape.window() == 0;
  }

  /** Rows of a group: {@code [spans, length, dim]} or {@code [spans * blocks, 2 window, dim]}. */
  private Tensor keys(Group g, Tensor rows) {
    Tensor own = rows.narrow(0, g.start, g.tokens());
    if (!inBlocks(g)) {
      return own.view(g.spans, g.length, -1);
    }
    int w = shape.window();
    Tensor blocks = own.view(g.spans, g.length / w, w, -1);
    Tensor none = weights.zeros(g.spans, 1, w, shape.headDim());
    Tensor before = torch.cat(new TensorVector(none, blocks.narrow(1, 0, g.length / w - 1)), 1);
    return torch.cat(new TensorVector(before, blocks), 2).flatten(0, 1);
  }

  /** Keys of the window that a query does not see, {@code [1, length, columns]}. */
  private Tensor outside(Group g) {
    int w = shape.window();
    boolean blocks = inBlocks(g);
    int columns = blocks ? 2 * w : g.length;
    boolean[] out = new boolean[g.length * columns];
    for (int q = 0; q < g.length; q++) {
      for (int c = 0; c < columns; c++) {
        int key = blocks ? q / w * w - w + c : c;
        out[q * columns + c] = key < 0 || key > q || key <= q - w;
      }
    }
    return Tensor.create(out, 1, g.length, columns);
  }

  /** Probabilities {@code [spans, length, heads, window columns + entries]}. */
  private Tensor probabilities(Group g, Tensor queries, Tensor rows, @Nullable Tensor hidden) {
    int heads = shape.heads();
    Tensor q = queries.narrow(0, g.start, g.tokens()).mul(number(shape.scale()));
    Tensor keys = keys(g, rows);
    Tensor near = torch.bmm(q.reshape(keys.size(0), -1, shape.headDim()), keys.transpose(1, 2));
    near = near.view(g.spans, g.length, heads, -1);
    double none = Double.NEGATIVE_INFINITY;
    near = near.masked_fill(outside(g).unsqueeze(2), number(none));
    Tensor sink =
        weights.get(prefix + "attn_sink").view(1, 1, heads, 1).expand(g.spans, g.length, heads, 1);
    TensorVector all = new TensorVector(near);
    if (hidden != null) {
      Tensor far = torch.bmm(q.reshape(g.spans, -1, shape.headDim()), entries(g).transpose(1, 2));
      far = far.view(g.spans, g.length, heads, g.entries);
      all.push_back(far.masked_fill(hidden.unsqueeze(2), number(none)));
    }
    all.push_back(sink);
    Tensor scores = torch.cat(all, 3);
    return scores.softmax(3).narrow(3, 0, scores.size(3) - 1);
  }

  private Tensor output(Group g, Tensor p, Tensor rows) {
    Tensor keys = keys(g, rows);
    long columns = p.size(3) - g.entries;
    Tensor near = p.narrow(3, 0, columns).reshape(keys.size(0), -1, columns);
    Tensor out = torch.bmm(near, keys).view(g.tokens(), shape.heads(), -1);
    if (g.entries == 0) {
      return out;
    }
    Tensor far = p.narrow(3, columns, g.entries).reshape(g.spans, -1, g.entries);
    return out.add(torch.bmm(far, entries(g)).view(g.tokens(), shape.heads(), -1));
  }

  /** Divergence of the indexer's distribution from the mean of the heads, summed over tokens. */
  private Tensor divergence(Group g, Tensor scores, Tensor hidden, Tensor p) {
    Tensor mass = sum(p.detach().narrow(3, p.size(3) - g.entries, g.entries), 2, false);
    Tensor total = sum(mass, 2, true);
    Tensor target = mass.div(total.clamp_min(number(1e-30)));
    float[] learns = new float[g.length];
    for (int q = 0; q < g.length; q++) {
      learns[q] = layer.visibleEntries(q) < 2 ? 0 : 1;
    }
    Tensor used =
        weights
            .constant(learns, 1, g.length, 1)
            .mul(total.ge(number(1e-6)).to(total.scalar_type()));
    Tensor log = torch.log_softmax(scores.masked_fill(hidden, number(BLOCKED)), 2);
    Tensor gap = torch.xlogy(target, target).sub(target.mul(log.masked_fill(hidden, number(0))));
    return gap.mul(used).sum();
  }
}
