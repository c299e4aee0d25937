#!/usr/bin/env node
import { serve } from 'embedhouse/udf';

serve((n) => n + 1n);
