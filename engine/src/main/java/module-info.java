/** Sessions, scheduling, sampling, speculation and serving over a loaded model. */
module io.hadal.engine {
  requires transitive io.hadal.model;
  requires static transitive org.jspecify;

  exports io.hadal.engine;
  exports io.hadal.engine.capacity;
  exports io.hadal.engine.compare;
  exports io.hadal.engine.memory;
  exports io.hadal.engine.constraint;
  exports io.hadal.engine.serving;
}
