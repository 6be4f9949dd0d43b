/** Loaded models: configuration, weights, caches and the forward pass. */
module io.hadal.model {
  requires transitive io.hadal.formats;
  requires transitive io.hadal.kernels;
  requires static transitive org.jspecify;

  exports io.hadal.model;
  exports io.hadal.model.cache;
  exports io.hadal.model.config;
  exports io.hadal.model.engram;
  exports io.hadal.model.forward;
  exports io.hadal.model.packed;
  exports io.hadal.model.synthetic;
  exports io.hadal.model.weights;
}
