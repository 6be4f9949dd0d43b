package io.hadal.train.graph;

import static io.hadal.train.graph.TorchWeights.number;
import static io.hadal.train.graph.TorchWeights.sum;

import io.hadal.model.config.HyperConfig;
import io.hadal.model.config.ModelConfig;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** One delayed mHC site in libtorch (V4.1 spec 4.1); as {@link HyperSite}. */
final class TorchSite {
  private final TorchWeights weights;
  private final HyperConfig hyper;
  private final double eps;
  private final String fn;
  private final String norm;

  /** What a site leaves for its sublayer and the sites behind it. */
  record Mix(Tensor input, Tensor pre, Tensor post, Tensor comb) {}

  TorchSite(TorchWeights weights, ModelConfig config, String prefix, String site) {
    this.weights = weights;
    this.hyper = config.hyper();
    this.eps = config.normEps();
    this.fn = prefix + "hc_" + site;
    this.norm = prefix + site + "_norm.weight";
  }

  /**
   * Input of the sublayer and coefficients.
   *
   * @param x streams {@code [tokens, streams, hidden]}
   * @param gates of the site before, {@code [tokens, streams]}
   */
  Mix forward(Tensor x, Tensor gates) {
    long tokens = x.size(0);
    int s = hyper.streams();
    Tensor flat = x.reshape(tokens, -1);
    Tensor mixed = weights.linear(flat, fn + "_fn").mul(TorchWeights.inverseRms(flat, eps));
    Tensor scale = weights.get(fn + "_scale");
    Tensor factors =
        torch.cat(
            new TensorVector(
                scale.narrow(0, 0, 1).expand(s),
                scale.narrow(0, 1, 1).expand(s),
                scale.narrow(0, 2, 1).expand((long) s * s)),
            0);
    Tensor c = mixed.mul(factors).add(weights.get(fn + "_base"));
    Tensor pre = c.narrow(1, 0, s).sigmoid().add(number(hyper.eps()));
    Tensor post = c.narrow(1, s, s).sigmoid().mul(number(2));
    Tensor comb = sinkhorn(c.narrow(1, 2L * s, (long) s * s).reshape(tokens, s, s));
    return new Mix(weights.norm(collapse(x, gates), norm, eps), pre, post, comb);
  }

  /** {@code sum_j gates[j] x_j}. */
  static Tensor collapse(Tensor x, Tensor gates) {
    return torch.matmul(gates.unsqueeze(1), x).squeeze(1);
  }

  private Tensor sinkhorn(Tensor logits) {
    Tensor comb = logits.softmax(2).add(number(hyper.eps()));
    for (int half = 0; half < 2 * hyper.iterations() - 1; half++) {
      Tensor sums = sum(comb, half % 2 == 0 ? 1 : 2, true);
      comb = comb.div(sums.add(number(hyper.eps())));
    }
    return comb;
  }

  /** {@code out_k = post[k] y + sum_j comb[j][k] x_j}. */
  static Tensor expand(Mix mix, Tensor x, Tensor y) {
    Tensor kept = torch.matmul(mix.comb().transpose(1, 2), x);
    return torch.addcmul(kept, mix.post().unsqueeze(2), y.unsqueeze(1));
  }
}
