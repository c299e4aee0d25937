#!/usr/bin/env node
import { serve } from 'embedhouse/udf';

serve((text) => text.length);
