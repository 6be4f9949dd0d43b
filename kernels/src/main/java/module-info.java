/** Numeric kernels over stored weights: scalar references and Vector API variants. */
module io.hadal.kernels {
  requires static jdk.incubator.vector;
  requires jdk.management;
  requires static transitive org.jspecify;

  exports io.hadal.kernels;
}
