//! Health analysis: what is broken, from one snapshot of the cluster, without any model.
