/** What a model did with each token: experts, n-gram gates, attended entries; as text or a page. */
@NullMarked
package io.hadal.cli.explain;

import org.jspecify.annotations.NullMarked;
