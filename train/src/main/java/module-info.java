/** Corpus, tokenizer training and model training. */
module io.hadal.train {
  requires transitive io.hadal.engine;
  requires java.compiler;
  requires java.xml;
  requires jdk.compiler;
  requires static transitive org.jspecify;

  exports io.hadal.train;
  exports io.hadal.train.ablation;
  exports io.hadal.train.corpus;
  exports io.hadal.train.corpus.task;
  exports io.hadal.train.evaluation;
  exports io.hadal.train.finetune;
  exports io.hadal.train.graph;
  exports io.hadal.train.optimizer;
  exports io.hadal.train.tokenizer;
}
