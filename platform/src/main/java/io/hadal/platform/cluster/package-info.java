/**
 * Several processes over one database (platform specification, 2.17): who is there, what they have
 * in their caches, and how they trust each other.
 */
@NullMarked
package io.hadal.platform.cluster;

import org.jspecify.annotations.NullMarked;
